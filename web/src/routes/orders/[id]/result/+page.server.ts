import { redirect } from '@sveltejs/kit';
import { openInstructions } from '#lib/orders/payment.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { loadOrder } from '#lib/server/orders.ts';
import type { PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  event.depends('shop:order');
  const order = await loadOrder(event, event.params.id);
  const [awaited] = openInstructions(order);
  // What was begun last is a code to be paid elsewhere: nothing is being confirmed yet.
  if (awaited && awaited === order.payments.at(-1)) {
    redirect(303, localizeHref(`/orders/${order.id}`));
  }
  return { order };
};
