/** Things that have another address now: the API says where, with a 301. */
interface Answer {
  response: Pick<Response, 'status' | 'headers'>;
}

/** The slug to which an answer of the API leads; none when it leads nowhere else. */
export async function newSlug(call: Promise<Answer>): Promise<string | undefined> {
  // Whatever else is wrong with the call is told by whoever needs its data.
  const answer = await call.catch(() => undefined);
  if (answer?.response.status !== 301) return undefined;
  return /\/([a-z0-9-]+)$/.exec(answer.response.headers.get('location') ?? '')?.[1];
}
