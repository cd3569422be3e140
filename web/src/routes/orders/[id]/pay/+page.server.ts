import { redirect } from '@sveltejs/kit';
import { givesCode } from '#lib/orders/payment.ts';
import { isPayable } from '#lib/orders/status.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { attemptOf, loadOrder, paymentRefusal, startPayment } from '#lib/server/orders.ts';
import type { PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const { id } = event.params;
  const order = await loadOrder(event, id);
  const page = localizeHref(`/orders/${id}`);
  if (!isPayable(order)) redirect(303, page);

  const attempt = attemptOf(event.url.searchParams.get('attempt'), order);
  // Another method than the order's is chosen by a form; an address alone can repeat, not choose.
  const method = order.payments[attempt]?.method ?? order.payment_method;
  const payment = await startPayment(event, id, attempt, method);
  // Nobody has to be visited for it: what there is to do stands on the order's page.
  if (payment.ok && payment.data.method === 'GET') redirect(303, page);
  if (payment.ok) event.locals.formActions.push(new URL(payment.data.action).origin);
  return {
    order,
    // The one just started may not be among those that were read before it.
    nextAttempt: payment.ok ? Math.max(order.payments.length, attempt + 1) : attempt,
    payment: payment.ok ? payment.data : null,
    givesCode: givesCode(method),
    refusal: payment.ok ? null : paymentRefusal(payment.failure),
  };
};
