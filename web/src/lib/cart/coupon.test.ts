import { describe, expect, it } from 'vitest';
import { toFailure } from '#lib/api/problem.ts';
import type { Adjustment, CartCoupon, CouponReason } from '#lib/api/types.ts';
import { shippingFee, vatIncluded } from '#lib/checkout/totals.ts';
import { refusal } from '#lib/server/form.ts';
import { couponMessage, couponNote, savings, shippingCode } from './coupon.ts';

const twd = (amount: number) => ({ amount, currency: 'TWD' as const });
const ten: CartCoupon = {
  code: 'TEN',
  applies: true,
  reason: null,
  kind: 'percentage',
  discount: twd(56),
  covered: twd(420),
  minimum_spend: twd(500),
};
const ship: CartCoupon = { ...ten, code: 'SHIP', kind: 'free_shipping', discount: twd(0) };
const off = (code: string, amount: number): Adjustment => ({
  kind: 'coupon',
  target: 'lines',
  code,
  name: null,
  amount: twd(amount),
  shares: [{ line_no: 1, amount: twd(amount) }],
});
const idle = (reason: CouponReason): CartCoupon => ({
  ...ten,
  applies: false,
  reason,
  discount: twd(0),
});

describe('a refused coupon', () => {
  it('says why, each reason in words of its own', () => {
    const reasons: CouponReason[] = [
      'unknown',
      'not_yet_valid',
      'expired',
      'used_up',
      'already_used',
      'nothing_covered',
      'minimum_not_reached',
    ];
    const said = reasons.map((reason) => couponMessage({ reason }));
    expect(new Set(said).size).toBe(reasons.length);
  });

  it('names the day and the sum where the API does', () => {
    expect(
      couponMessage({ reason: 'not_yet_valid', valid_from: '2026-12-01T00:00:00+08:00' }),
    ).toContain('2026/12/01 00:00');
    expect(couponMessage({ reason: 'minimum_not_reached', minimum_spend: twd(1200) })).toContain(
      'NT$ 1,200',
    );
  });

  it('has words for a reason that came later', () => {
    expect(couponMessage({ reason: 'wrong_moon' as CouponReason })).toBe('優惠碼無效或已過期');
  });

  it('is told by its reason, read from the problem document', () => {
    const body = { code: 'COUPON_INVALID', detail: 'no', reason: 'expired' };
    expect(refusal(toFailure(body, 422)).message).toBe('這組優惠碼已過期');
    expect(toFailure({ code: 'RATE_LIMITED', reason: 'expired' }, 429).coupon).toBeNull();
  });
});

describe('couponNote', () => {
  it.each([
    [ten, 'good', '已套用，折抵 NT$ 56'],
    [ship, 'good', '已套用，這筆訂單免運費'],
    [idle('minimum_not_reached'), 'warn', '商品滿 NT$ 500 才能使用，還差 NT$ 80'],
    [
      { ...idle('minimum_not_reached'), covered: twd(120) },
      'warn',
      '適用商品滿 NT$ 500 才能使用，還差 NT$ 380',
    ],
    [idle('nothing_covered'), 'bad', '這組優惠碼不適用於購物車裡的商品'],
    [idle('expired'), 'bad', '這組優惠碼已過期'],
  ] as const)('says of %o: %s', (coupon, tone, text) => {
    expect(couponNote({ coupon, subtotal: twd(420) })).toEqual({ tone, text });
  });

  it('says nothing without a coupon', () => {
    expect(couponNote({ coupon: null, subtotal: twd(420) })).toBeUndefined();
  });
});

describe('savings', () => {
  it('are named by what takes it off, and the rest is a discount', () => {
    const byTen = { label: '優惠碼 TEN', amount: twd(56) };
    const rest = { label: '折扣', amount: twd(20) };
    const sale: Adjustment = {
      ...off('', 30),
      kind: 'promotion',
      code: null,
      name: { zh_tw: '滿額折', en: 'Spend and save' },
    };
    expect(savings(twd(86), [sale, off('TEN', 56)])).toEqual([
      { label: '滿額折', amount: twd(30) },
      byTen,
    ]);
    expect(savings(twd(56), [off('TEN', 56)])).toEqual([byTen]);
    expect(savings(twd(76), [off('TEN', 56)])).toEqual([byTen, rest]);
    expect(savings(twd(20), [])).toEqual([rest]);
  });

  it('are none where nothing is taken off the goods', () => {
    expect(savings(twd(0), [])).toEqual([]);
    expect(savings(twd(0), [{ ...off('SHIP', 80), target: 'shipping' }])).toEqual([]);
  });
});

it('the shipping fee is waived by the coupon of the cart, or of the order', () => {
  const waived: Adjustment = { ...off('SHIP', 80), target: 'shipping' };
  expect(shippingCode(ship, [])).toBe('SHIP');
  expect(shippingCode(undefined, [off('TEN', 56), waived])).toBe('SHIP');
  expect(shippingCode(ten, [off('TEN', 56)])).toBeUndefined();
});

it('a total includes 5 % tax, rounded as the shop does', () => {
  const vat = [0, 10, 11, 105, 390, 2100].map((total) => vatIncluded(twd(total)).amount);
  expect(vat).toEqual([0, 0, 1, 5, 19, 100]);
});

it('a coupon waives the shipping fee only while it applies', () => {
  const method = {
    code: 'home_delivery',
    name: { zh_tw: '', en: '' },
    description: { zh_tw: '', en: '' },
    fee: twd(80),
    free_from: twd(1500),
  };
  const fee = (coupon: CartCoupon) => shippingFee({ subtotal: twd(420), coupon }, method).amount;
  expect(fee(ship)).toBe(0);
  expect(fee({ ...ship, applies: false, reason: 'minimum_not_reached' })).toBe(80);
  expect(fee(ten)).toBe(80);
});
