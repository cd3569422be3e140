import { redirect } from '@sveltejs/kit';
import { listPath, readQuery } from '#lib/catalog/query.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api, need } from '#lib/server/api.ts';
import { newSlug } from '#lib/server/moved.ts';
import type { PageServerLoad } from './$types.js';

const PAGE_SIZE = 12;

export const load: PageServerLoad = async (event) => {
  const query = readQuery(event.url.searchParams);
  const client = api(event);
  const [page, { categories }] = await Promise.all([
    need(
      client.GET('/api/products', {
        params: {
          query: {
            ...query,
            q: query.q || undefined,
            category: query.category || undefined,
            in_stock: query.in_stock || undefined,
            limit: PAGE_SIZE,
          },
        },
      }),
    ),
    event.parent(),
  ]);
  if (query.category && !categories.some(({ slug }) => slug === query.category)) {
    // It may have had this slug once.
    const path = { slug: query.category };
    const moved = await newSlug(client.GET('/api/categories/{slug}', { params: { path } }));
    if (moved) redirect(301, localizeHref(listPath({ ...query, category: moved })));
  }
  return { query, products: page.items, nextCursor: page.next_cursor ?? undefined };
};
