import { redirect } from '@sveltejs/kit';
import { mayReturn, returnable } from '#lib/orders/after-sale.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { requestReturn } from '#lib/server/after-sale.ts';
import { loadOrder } from '#lib/server/orders.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const order = await loadOrder(event, event.params.id);
  if (!mayReturn(order)) redirect(303, localizeHref(`/orders/${order.id}`));
  return { order, lines: returnable(order) };
};

export const actions: Actions = {
  default: (event) => requestReturn(event, event.params.id),
};
