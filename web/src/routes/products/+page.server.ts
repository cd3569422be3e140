import { redirect } from '@sveltejs/kit';
import { listPath, readQuery } from '#lib/catalog/query.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api, need, want } from '#lib/server/api.ts';
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
    // The API leads from a slug a category had once to the one it has.
    const moved = await want(
      client.GET('/api/categories/{slug}', { params: { path: { slug: query.category } } }),
      undefined,
    );
    if (moved && moved.slug !== query.category) {
      redirect(301, localizeHref(listPath({ ...query, category: moved.slug })));
    }
  }
  return { query, products: page.items, nextCursor: page.next_cursor ?? undefined };
};
