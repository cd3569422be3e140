import { readQuery } from '#lib/catalog/query.ts';
import { api, need } from '#lib/server/api.ts';
import type { PageServerLoad } from './$types.js';

const PAGE_SIZE = 12;

export const load: PageServerLoad = async (event) => {
  const query = readQuery(event.url.searchParams);
  const page = await need(
    api(event).GET('/api/products', {
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
  );
  return { query, products: page.items, nextCursor: page.next_cursor ?? undefined };
};
