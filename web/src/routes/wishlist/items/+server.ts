import { json } from '@sveltejs/kit';
import { settle, type Result } from '#lib/api/problem.ts';
import type { WishList } from '#lib/api/types.ts';
import { api } from '#lib/server/api.ts';
import { MOST_OF_ACCOUNT, readList } from '#lib/wishlist/list.ts';
import type { RequestHandler } from './$types.js';

function answer(result: Result<WishList>): Response {
  if (!result.ok) return new Response(null, { status: result.failure.status });
  return json({ slugs: result.data.items.map(({ slug }) => slug) });
}

/** The list of whoever is signed in, for the hearts on the page. */
export const GET: RequestHandler = async (event) =>
  answer(await settle(api(event).GET('/api/me/wishlist')));

/** The same, with a guest's added to it. */
export const POST: RequestHandler = async (event) => {
  const body = (await event.request.json().catch(() => null)) as { slugs?: unknown } | null;
  const slugs = readList(JSON.stringify(body?.slugs ?? []), MOST_OF_ACCOUNT);
  return answer(await settle(api(event).POST('/api/me/wishlist/items', { body: { slugs } })));
};
