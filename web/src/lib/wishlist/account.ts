/**
 * The list of somebody with an account. It goes through the storefront's own server, which renews
 * the session where it has run out. This file is loaded by those who are signed in alone.
 */
const PATH = '/wishlist/items';

async function slugsOf(call: Promise<Response>): Promise<string[] | null> {
  try {
    const answer = await call;
    if (!answer.ok) return null;
    const { slugs } = (await answer.json()) as { slugs: string[] };
    return slugs;
  } catch {
    return null;
  }
}

/** The list; nothing when the shop cannot be asked. */
export function load(): Promise<string[] | null> {
  return slugsOf(fetch(PATH));
}

/** The list with a guest's added to it. */
export function merge(slugs: readonly string[]): Promise<string[] | null> {
  const body = JSON.stringify({ slugs });
  return slugsOf(
    fetch(PATH, { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
  );
}

/** Puts a product on the list, or takes it off; whether that went well. */
export async function put(slug: string, isOn: boolean): Promise<boolean> {
  try {
    const path = `${PATH}/${encodeURIComponent(slug)}`;
    const answer = await fetch(path, { method: isOn ? 'PUT' : 'DELETE' });
    return answer.ok;
  } catch {
    return false;
  }
}
