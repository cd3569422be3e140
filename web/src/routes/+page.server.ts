import { api, need, want } from '#lib/server/api.ts';
import type { Image } from '#lib/api/types.ts';
import type { PageServerLoad } from './$types.js';

const SHOWN = 8;
/** Enough of the newest to find a picture for every category. */
const LOOKED_AT = 48;

export const load: PageServerLoad = async (event) => {
  const client = api(event);
  const list = (sort: 'relevance' | 'newest', limit: number) =>
    client.GET('/api/products', { params: { query: { sort, limit } } });
  const [featured, newest] = await Promise.all([
    need(list('relevance', SHOWN)),
    want(list('newest', LOOKED_AT), { items: [], next_cursor: null }),
  ]);

  const pictures: Record<string, Image> = {};
  for (const { category, image } of [...newest.items, ...featured.items]) {
    if (image) pictures[category.slug] ??= image;
  }
  return { featured: featured.items, newest: newest.items.slice(0, SHOWN), pictures };
};
