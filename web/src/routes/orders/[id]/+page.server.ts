import { cancelOrder, loadOrder } from '#lib/server/orders.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  event.depends('shop:order');
  return { order: await loadOrder(event, event.params.id) };
};

export const actions: Actions = {
  cancel: (event) => cancelOrder(event, event.params.id),
};
