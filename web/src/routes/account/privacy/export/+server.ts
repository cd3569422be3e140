import { own } from '#lib/server/account.ts';
import { api } from '#lib/server/api.ts';
import type { RequestHandler } from './$types.js';

/** Everything the shop keeps about the person who is signed in, as a file. */
export const GET: RequestHandler = async (event) => {
  // Whoever has to sign in first comes back to the page, not to the file.
  const page = { url: new URL('../privacy', event.url) };
  const data = await own(page, api(event).GET('/api/me/export'));
  const day = new Date().toISOString().slice(0, 10);
  return new Response(`${JSON.stringify(data, null, 2)}\n`, {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="oxcart-data-${day}.json"`,
    },
  });
};
