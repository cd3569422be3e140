import { describe, expect, it } from 'vitest';
import type { Order, OrderRefund, Return } from '#lib/api/types.ts';
import {
  awaitsAccount,
  cancelling,
  canWithdraw,
  isCause,
  mayReturn,
  refundReason,
  refundState,
  returnable,
  roomForPictures,
} from './after-sale.ts';

const order = (
  status: Order['status'],
  { paid = true, parcels = [] as string[] } = {},
): Parameters<typeof cancelling>[0] =>
  ({
    status,
    paid_at: paid ? '2026-11-21T00:00:00Z' : null,
    shipments: parcels.map((state) => ({ status: state })),
  }) as unknown as Order;

describe('cancelling', () => {
  it.each([
    [order('pending_payment', { paid: false }), 'unpaid'],
    [order('payment_failed', { paid: false }), 'unpaid'],
    [order('paid'), 'refund'],
    [order('paid', { paid: false }), 'unpaid'],
    [order('preparing_shipment', { parcels: ['ready_to_ship', 'cancelled'] }), 'refund'],
    [order('preparing_shipment', { parcels: ['shipped', 'pending'] }), undefined],
    [order('shipped', { parcels: ['delivered'] }), undefined],
    [order('refund_requested'), undefined],
    [order('cancelled', { paid: false }), undefined],
  ])('of %o comes to %s', (given, expected) => {
    expect(cancelling(given)).toBe(expected);
  });
});

const back = (status: Return['status'], lines: Partial<Return['lines'][number]>[] = []) =>
  ({ status, lines, pictures: 0 }) as unknown as Return;
const lines = [
  { line_no: 1, quantity: 2 },
  { line_no: 2, quantity: 1 },
] as unknown as Order['items'];

describe('what can be returned', () => {
  const settled = back('inspected', [{ line_no: 1, restocked: 1, written_off: 0, refused: 1 }]);

  it('is what was bought, less what was accepted before', () => {
    const left = (returns: Return[]) =>
      returnable({ items: lines, returns }).map((it) => [it.item.line_no, it.left]);
    expect(left([])).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(left([settled, back('rejected', [{ line_no: 2, quantity: 1 }])])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    const rest = [
      { line_no: 1, restocked: 0, written_off: 1 },
      { line_no: 2, restocked: 1, written_off: 0 },
    ];
    expect(left([settled, back('inspected', rest)])).toEqual([]);
  });

  it('only once all has left, and before the order is completed', () => {
    const may = (status: Order['status']) => mayReturn({ status, items: lines, returns: [] });
    expect(may('shipped')).toBe(true);
    expect(may('preparing_shipment')).toBe(false);
    expect(may('completed')).toBe(false);
    expect(may('return_requested')).toBe(false);
  });

  it('for a reason that customers have', () => {
    expect(isCause('damaged')).toBe(true);
    expect(isCause('undelivered')).toBe(false);
    expect(isCause('')).toBe(false);
  });
});

it('a return is withdrawn before anything came, and takes pictures before it is decided', () => {
  const states = [
    'requested',
    'approved',
    'rejected',
    'received',
    'inspected',
    'cancelled',
  ] as const;
  expect(states.filter((status) => canWithdraw({ status }))).toEqual(['requested', 'approved']);
  const room = (status: Return['status'], pictures: number) =>
    roomForPictures({ status, pictures });
  expect(room('requested', 0)).toBe(6);
  expect(room('requested', 5)).toBe(1);
  expect(room('requested', 7)).toBe(0);
  expect(room('approved', 0)).toBe(0);
});

describe('refunds', () => {
  it('say why, in the shop’s words or in the buyer’s', () => {
    expect(refundReason({ automatic: true, reason: 'paid_twice' })).toBe('重複付款');
    expect(refundReason({ automatic: true, reason: 'unheard of' })).toBeUndefined();
    expect(refundReason({ automatic: false, reason: '買錯了' })).toBe('買錯了');
    expect(refundReason({ automatic: false, reason: '' })).toBeUndefined();
  });

  it('that fail are under way still, for whoever waits for the money', () => {
    expect(refundState({ status: 'failed' }).label()).toBe('退款處理中');
    expect(refundState({ status: 'succeeded' }).tone).toBe('good');
  });

  it('ask for an account while they need one', () => {
    const refund = (id: string, account_needed: boolean) =>
      ({ id, account_needed }) as unknown as OrderRefund;
    expect(awaitsAccount([refund('a', false), refund('b', true)])?.id).toBe('b');
    expect(awaitsAccount([refund('a', false)])).toBeUndefined();
  });
});
