import { createHash } from 'node:crypto';
import { fail, redirect, type RequestEvent } from '@sveltejs/kit';
import { settle, type Failure, type Result } from '#lib/api/problem.ts';
import type { Order, OrderRefund, PaymentForm } from '#lib/api/types.ts';
import { isPayable } from '#lib/orders/status.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api, raise, want } from './api.ts';
import { refusal, textOf } from './form.ts';
import { orderTokenHeader } from './order-access.ts';

/** The order of this page, for its owner or for a guest who has its key. */
export async function loadOrder(event: RequestEvent, id: string): Promise<Order> {
  const result = await settle(
    api(event).GET('/api/orders/{id}', {
      params: { path: { id }, header: orderTokenHeader(event, id) },
    }),
  );
  if (!result.ok) {
    // An id that is none, and an order of somebody else, are both simply not found.
    const { failure } = result;
    const hidden = [400, 401, 403, 422].includes(failure.status);
    raise(hidden ? { ...failure, status: 404, code: 'ORDER_NOT_FOUND' } : failure);
  }
  return result.data;
}

/** What of an order's money goes back, or went; nothing where that cannot be told just now. */
export async function loadRefunds(event: RequestEvent, id: string): Promise<OrderRefund[]> {
  const params = { path: { id }, header: orderTokenHeader(event, id) };
  const refunds = await want(api(event).GET('/api/orders/{id}/refunds', { params }), { items: [] });
  return refunds.items;
}

/**
 * Starts the n-th attempt to pay for an order, by a method. The key says just that, so that reloading
 * the page, or pressing twice, always means the same attempt.
 */
export function startPayment(
  event: RequestEvent,
  id: string,
  attempt: number,
  method: string,
): Promise<Result<PaymentForm>> {
  return settle(
    api(event).POST('/api/orders/{id}/payments', {
      params: {
        path: { id },
        header: {
          'Idempotency-Key': paymentKey(id, attempt, method),
          ...orderTokenHeader(event, id),
        },
      },
      body: { method },
    }),
  );
}

/** A UUID (version 8) made of what it stands for. */
export function paymentKey(order: string, attempt: number, method: string): string {
  const hex = createHash('sha256').update(`payment:${order}:${attempt}:${method}`).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** Nobody can be made to skip ahead: an attempt is a repeat, or the next one. */
export function attemptOf(asked: string | null, { payments }: Pick<Order, 'payments'>): number {
  const number = Number(asked ?? 0);
  return Number.isInteger(number) ? Math.max(0, Math.min(number, payments.length)) : 0;
}

/** What the buyer is told about a payment that could not be begun. */
export function paymentRefusal(failure: Failure) {
  const isUnfit = failure.errors.some(({ pointer }) => pointer === '/method');
  return { ...refusal(failure), ...(isUnfit && { message: m.method_unfit() }) };
}

/** Begins a payment by the method that was chosen, and goes where it is made. */
export async function payOrder(event: RequestEvent, id: string) {
  const form = await event.request.formData();
  const method = textOf(form, 'payment_method');
  const page = localizeHref(`/orders/${id}`);
  const order = await loadOrder(event, id);
  if (!isPayable(order)) redirect(303, page);

  const attempt = attemptOf(textOf(form, 'attempt'), order);
  const begun = method ? await startPayment(event, id, attempt, method) : undefined;
  if (!begun) return refused('pay', 'VALIDATION_FAILED', { message: m.invalid_payment() });
  if (!begun.ok) {
    return fail(begun.failure.status, { at: 'pay', refusal: paymentRefusal(begun.failure) });
  }
  if (begun.data.method === 'GET') redirect(303, page);
  const known = order.payments.findIndex((payment) => payment.id === begun.data.payment_id);
  redirect(303, `${page}/pay?attempt=${known === -1 ? order.payments.length : known}`);
}

export async function cancelOrder(event: RequestEvent, id: string) {
  const result = await settle(
    api(event).POST('/api/orders/{id}/cancel', {
      params: { path: { id }, header: orderTokenHeader(event, id) },
      body: { reason: null },
    }),
  );
  return result.ok
    ? { at: 'cancel', isRefunded: result.data.paid_at !== null }
    : refused('cancel', result.failure);
}

/** A refusal as the answer of one of the page's forms. */
export function refused(at: string, reason: Failure | string, more: { message?: string } = {}) {
  const status = typeof reason === 'string' ? 422 : reason.status;
  return fail(status, { at, refusal: { ...refusal(reason), ...more } });
}
