import { describe, expect, it } from 'vitest';
import type { Order } from '#lib/api/types.ts';
import { outcome } from './status.ts';

const order = (status: Order['status'], ...payments: string[]) =>
  ({ status, payments: payments.map((state) => ({ status: state })) }) as unknown as Order;

describe('outcome', () => {
  it.each([
    [order('pending_payment'), 'confirming'],
    [order('pending_payment', 'pending'), 'confirming'],
    [order('pending_payment', 'failed'), 'failed'],
    [order('pending_payment', 'failed', 'pending'), 'confirming'],
    [order('payment_failed', 'failed'), 'failed'],
    [order('cancelled', 'succeeded'), 'cancelled'],
    [order('paid', 'succeeded'), 'paid'],
    [order('shipped', 'failed', 'succeeded'), 'paid'],
  ])('of %o is %s', (given, expected) => {
    expect(outcome(given)).toBe(expected);
  });
});
