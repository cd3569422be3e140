import { loadOrder } from '#lib/server/orders.ts';
import type { PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  event.depends('shop:order');
  return { order: await loadOrder(event, event.params.id) };
};
