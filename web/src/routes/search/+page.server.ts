import { readSearch } from '#lib/search/query.ts';
import { api, need } from '#lib/server/api.ts';
import type { PageServerLoad } from './$types.js';

const PAGE_SIZE = 12;

export const load: PageServerLoad = async (event) => {
  const query = readSearch(event.url.searchParams);
  const { options, ...asked } = query;
  const found = await need(
    api(event).GET('/api/search', {
      params: {
        query: {
          ...asked,
          q: asked.q || undefined,
          category: asked.category || undefined,
          in_stock: asked.in_stock || undefined,
          option: options.length > 0 ? options : undefined,
          limit: PAGE_SIZE,
        },
      },
    }),
  );
  return {
    query,
    products: found.items,
    total: found.total,
    facets: found.facets,
    nextCursor: found.next_cursor ?? undefined,
  };
};
