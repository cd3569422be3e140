import { cancelOrder, loadOrder } from '#lib/server/orders.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  event.depends('shop:order');
  const order = await loadOrder(event, event.params.id);
  return { order, now: new Date().toISOString() };
};

export const actions: Actions = {
  cancel: (event) => cancelOrder(event, event.params.id),
};
