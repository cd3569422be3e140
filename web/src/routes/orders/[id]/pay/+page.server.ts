import { redirect } from '@sveltejs/kit';
import { isPayable } from '#lib/orders/status.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { refusal } from '#lib/server/form.ts';
import { loadOrder, startPayment } from '#lib/server/orders.ts';
import type { PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const { id } = event.params;
  const order = await loadOrder(event, id);
  if (!isPayable(order)) redirect(303, localizeHref(`/orders/${id}`));

  const asked = Number(event.url.searchParams.get('attempt'));
  // Nobody can be made to skip ahead: an attempt is a repeat, or the next one.
  const attempt = Number.isInteger(asked) ? Math.max(0, Math.min(asked, order.payments.length)) : 0;
  const payment = await startPayment(event, id, attempt);
  if (payment.ok) event.locals.formActions.push(new URL(payment.data.action).origin);
  return {
    order,
    // The one just started may not be among those that were read before it.
    nextAttempt: payment.ok ? Math.max(order.payments.length, attempt + 1) : attempt,
    payment: payment.ok ? payment.data : null,
    refusal: payment.ok ? null : refusal(payment.failure),
  };
};
