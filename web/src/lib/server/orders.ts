import { createHash } from 'node:crypto';
import { fail, type RequestEvent } from '@sveltejs/kit';
import { settle, type Result } from '#lib/api/problem.ts';
import type { Order, PaymentForm } from '#lib/api/types.ts';
import { api, raise } from './api.ts';
import { refusal } from './form.ts';
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

/**
 * Starts the n-th attempt to pay for an order. The key says just that, so that reloading the page,
 * or pressing twice, always means the same attempt.
 */
export function startPayment(
  event: RequestEvent,
  id: string,
  attempt: number,
): Promise<Result<PaymentForm>> {
  return settle(
    api(event).POST('/api/orders/{id}/payments', {
      params: {
        path: { id },
        header: { 'Idempotency-Key': paymentKey(id, attempt), ...orderTokenHeader(event, id) },
      },
      body: {},
    }),
  );
}

/** A UUID (version 8) made of what it stands for. */
export function paymentKey(order: string, attempt: number): string {
  const hex = createHash('sha256').update(`payment:${order}:${attempt}`).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

export async function cancelOrder(event: RequestEvent, id: string) {
  const result = await settle(
    api(event).POST('/api/orders/{id}/cancel', {
      params: { path: { id }, header: orderTokenHeader(event, id) },
      body: { reason: null },
    }),
  );
  if (!result.ok) return fail(result.failure.status, refusal(result.failure));
  return { cancelled: true };
}
