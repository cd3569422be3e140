import { redirect } from '@sveltejs/kit';
import { listPath, readQuery } from '#lib/catalog/query.ts';
import { href } from '#lib/i18n/text.ts';
import { readSearch, searchPath } from '#lib/search/query.ts';
import { api, need } from '#lib/server/api.ts';
import { newSlug } from '#lib/server/moved.ts';
import type { PageServerLoad } from './$types.js';

const PAGE_SIZE = 12;

export const load: PageServerLoad = async (event) => {
  const { searchParams } = event.url;
  // Where words were looked for before there was a page for it.
  if (searchParams.get('q')?.trim()) {
    redirect(301, href(searchPath({ ...readSearch(searchParams), cursor: undefined })));
  }
  const query = readQuery(searchParams);
  const client = api(event);
  const [page, { categories }] = await Promise.all([
    need(
      client.GET('/api/products', {
        params: {
          query: {
            ...query,
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
    if (moved) redirect(301, href(listPath({ ...query, category: moved })));
  }
  return { query, products: page.items, nextCursor: page.next_cursor ?? undefined };
};
