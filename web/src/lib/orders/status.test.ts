import { describe, expect, it } from 'vitest';
import type { Order, TimelineEntry } from '#lib/api/types.ts';
import { isTold, outcome, timelineReason, timelineTone } from './status.ts';

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

const entry = (kind: TimelineEntry['kind'], to: string, more: Partial<TimelineEntry> = {}) =>
  ({ at: '', kind, id: '', from: 'before', to, actor: 'staff', reason: null, ...more }) as const;

describe('the timeline', () => {
  it('leaves out what tells a buyer nothing', () => {
    const told = [
      entry('order', 'paid'),
      entry('payment', 'created'),
      entry('payment', 'succeeded'),
      entry('payment', 'failed'),
      entry('shipment', 'shipped'),
      entry('return', 'approved'),
      entry('refund', 'processing'),
      entry('refund', 'succeeded'),
    ].filter(isTold);
    expect(told.map(({ kind, to }) => `${kind} ${to}`)).toEqual([
      'order paid',
      'payment failed',
      'shipment shipped',
      'return approved',
      'refund succeeded',
    ]);
  });

  it('tells a parcel that came back from goods that were returned', () => {
    expect(timelineTone(entry('shipment', 'returned'))).toBe('quiet');
    expect(timelineTone(entry('return', 'rejected'))).toBe('bad');
    expect(timelineTone(entry('order', 'return_requested'))).toBe('waiting');
  });

  it("repeats a buyer's words, and nobody else's", () => {
    const reason = '改變心意';
    expect(timelineReason(entry('order', 'cancelled', { actor: 'customer', reason }))).toBe(reason);
    expect(timelineReason(entry('order', 'cancelled', { reason }))).toBeUndefined();
  });
});
