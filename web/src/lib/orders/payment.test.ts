import { describe, expect, it } from 'vitest';
import type { Order, OrderPayment, PaymentMethod } from '#lib/api/types.ts';
import {
  awaitsCode,
  firstChoice,
  grouped,
  methodTerms,
  openInstructions,
  outstanding,
  payBy,
  unfit,
  unfitText,
} from './payment.ts';

const twd = (amount: number) => ({ amount, currency: 'TWD' as const });

const method = (code: string, more: Partial<PaymentMethod> = {}): PaymentMethod => ({
  code,
  name: { zh_tw: code, en: code },
  description: { zh_tw: '', en: '' },
  enabled: true,
  min_amount: twd(1),
  max_amount: null,
  pay_within_minutes: 30,
  instalments: [],
  ...more,
});

const CVS = method('ecpay_cvs', {
  min_amount: twd(33),
  max_amount: twd(6000),
  pay_within_minutes: 4320,
});

describe('the limits of a method', () => {
  it.each([
    [32, { least: twd(33) }],
    [33, undefined],
    [6000, undefined],
    [6001, { most: twd(6000) }],
  ])('for a total of %i', (total, expected) => {
    expect(unfit(CVS, twd(total))).toEqual(expected);
  });

  it('are said in words, when they stand in the way', () => {
    expect(unfitText(CVS, twd(10))).toBe('這種方式要滿 NT$ 33 才能用');
    expect(unfitText(CVS, twd(9000))).toBe('這種方式最多只能付 NT$ 6,000');
    expect(unfitText(CVS, twd(100))).toBeUndefined();
  });
});

it('tells time, amounts and instalments of a method, where there is something to tell', () => {
  expect(methodTerms(CVS)).toBe('3 天內付款・NT$ 33 至 NT$ 6,000');
  expect(methodTerms(method('ecpay_credit'))).toBe('30 分鐘內付款');
  expect(methodTerms(method('cash_on_delivery', { max_amount: twd(20000) }))).toBe(
    'NT$ 20,000 以下',
  );
  expect(
    methodTerms(method('ecpay_instalments', { min_amount: twd(1000), instalments: [3, 6, 12] })),
  ).toBe('30 分鐘內付款・NT$ 1,000 以上・可分 3、6、12 期');
});

describe('the method to begin with', () => {
  const methods = [CVS, method('ecpay_credit'), method('ecpay_atm')];
  it.each([
    [100, undefined, 'ecpay_cvs'],
    [100, 'ecpay_atm', 'ecpay_atm'],
    [100, 'gone', 'ecpay_cvs'],
    [9000, 'ecpay_cvs', 'ecpay_credit'],
  ])('for %i, wanting %s, is %s', (total, wanted, expected) => {
    expect(firstChoice(methods, twd(total), wanted)).toBe(expected);
  });

  it('is none, when none can pay it', () => {
    expect(firstChoice([CVS], twd(9000))).toBe('');
  });
});

const payment = (more: Partial<OrderPayment>): OrderPayment => ({
  id: '1',
  status: 'pending',
  method: 'ecpay_atm',
  amount: twd(530),
  merchant_trade_no: 'T1',
  created_at: '',
  paid_at: null,
  pay_until: '2026-11-25T00:00:00Z',
  code: null,
  received: twd(0),
  transfer: null,
  ...more,
});
const code = {
  kind: 'atm' as const,
  bank_code: '812',
  account: '9103522175887271',
  expires_at: '2026-11-24T15:59:59Z',
};
const order = (status: Order['status'], ...payments: OrderPayment[]) => ({ status, payments });

describe('what can still be paid', () => {
  const coded = payment({ id: 'coded', code });
  const card = payment({ id: 'card', method: 'ecpay_credit' });
  const later = payment({ id: 'later', code });

  it('is the newest first, and no card', () => {
    const found = openInstructions(order('pending_payment', coded, later, card));
    expect(found.map(({ id }) => id)).toEqual(['later', 'coded']);
  });

  it('is nothing once the order is paid or over, nor what has failed', () => {
    expect(openInstructions(order('paid', coded))).toEqual([]);
    expect(openInstructions(order('cancelled', coded))).toEqual([]);
    const failed = payment({ status: 'failed', code });
    expect(openInstructions(order('pending_payment', failed))).toEqual([]);
  });

  it('is awaited while the last attempt has no code yet', () => {
    expect(awaitsCode(order('pending_payment', payment({})))).toBe(true);
    expect(awaitsCode(order('pending_payment', coded))).toBe(false);
    expect(awaitsCode(order('pending_payment', payment({}), card))).toBe(false);
    expect(awaitsCode(order('pending_payment'))).toBe(false);
  });

  it('ends when the code does, or else when the attempt does', () => {
    expect(payBy(coded)).toBe(code.expires_at);
    expect(payBy(card)).toBe('2026-11-25T00:00:00Z');
  });
});

it('counts what has arrived off, down to nothing', () => {
  expect(outstanding(payment({ received: twd(200) }))).toEqual(twd(330));
  expect(outstanding(payment({ received: twd(600) }))).toEqual(twd(0));
});

it('groups digits by four', () => {
  expect(grouped('9103522175887271')).toBe('9103 5221 7588 7271');
  expect(grouped('LLL22117485013')).toBe('LLL2 2117 4850 13');
});
