import { settle, type Result } from '#lib/api/problem.ts';
import { api } from '#lib/server/api.ts';
import type { RequestHandler } from './$types.js';

const answer = (result: Result<unknown>) =>
  new Response(null, { status: result.ok ? 204 : result.failure.status });

const of = (slug: string) => ({ params: { path: { slug } } });

/** Puts a product on the list of whoever is signed in. */
export const PUT: RequestHandler = async (event) =>
  answer(await settle(api(event).PUT('/api/me/wishlist/items/{slug}', of(event.params.slug))));

/** Takes it off. */
export const DELETE: RequestHandler = async (event) =>
  answer(await settle(api(event).DELETE('/api/me/wishlist/items/{slug}', of(event.params.slug))));
