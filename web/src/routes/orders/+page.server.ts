import { redirect } from '@sveltejs/kit';
import { settle } from '#lib/api/problem.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api, raise } from '#lib/server/api.ts';
import type { PageServerLoad } from './$types.js';

const PAGE_SIZE = 10;

export const load: PageServerLoad = async (event) => {
  const cursor = event.url.searchParams.get('cursor') ?? undefined;
  const result = await settle(
    api(event).GET('/api/orders', { params: { query: { limit: PAGE_SIZE, cursor } } }),
  );
  if (result.ok) {
    const { items, next_cursor } = result.data;
    return { orders: items, nextCursor: next_cursor ?? undefined, cursor };
  }
  if (result.failure.status === 401) redirect(303, localizeHref('/login?next=/orders'));
  raise(result.failure);
};
