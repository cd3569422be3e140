import { api, need, want } from '#lib/server/api.ts';
import type { PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const client = api(event);
  const list = (query: { sort: 'relevance' | 'newest'; limit: number; in_stock?: boolean }) =>
    client.GET('/api/products', { params: { query } });
  const [featured, newest] = await Promise.all([
    need(list({ sort: 'relevance', limit: 8 })),
    want(list({ sort: 'newest', limit: 8 }), { items: [], next_cursor: null }),
  ]);
  return { featured: featured.items, newest: newest.items };
};
