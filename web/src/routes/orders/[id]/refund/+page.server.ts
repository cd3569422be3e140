import { redirect } from '@sveltejs/kit';
import { randomKey } from '#lib/checkout/idempotency.ts';
import { cancelling } from '#lib/orders/after-sale.ts';
import { refundsByTransfer } from '#lib/orders/payment.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { paidBy, requestRefund } from '#lib/server/after-sale.ts';
import { loadOrder } from '#lib/server/orders.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const order = await loadOrder(event, event.params.id);
  if (cancelling(order) !== 'refund') redirect(303, localizeHref(`/orders/${order.id}`));
  return { order, byTransfer: refundsByTransfer(paidBy(order)), key: randomKey() };
};

export const actions: Actions = {
  default: (event) => requestRefund(event, event.params.id),
};
