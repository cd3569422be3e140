import { describe, expect, it } from 'vitest';
import { decimalAmount, discountPercent, formatMoney } from './money.ts';

const twd = (amount: number) => ({ amount, currency: 'TWD' });

describe('formatMoney', () => {
  it.each([
    [0, 'NT$ 0'],
    [990, 'NT$ 990'],
    [1280, 'NT$ 1,280'],
    [1_234_567, 'NT$ 1,234,567'],
    [-80, '−NT$ 80'],
  ])('shows %i in whole dollars', (amount, expected) => {
    expect(formatMoney(twd(amount))).toBe(expected);
  });

  it('shows the minor units of other currencies', () => {
    expect(formatMoney({ amount: 1999, currency: 'USD' })).toBe('USD 19.99');
    expect(formatMoney({ amount: -123_456_705, currency: 'USD' })).toBe('−USD 1,234,567.05');
  });
});

it('is told to machines without names and commas', () => {
  expect(decimalAmount(twd(1_234_567))).toBe('1234567');
  expect(decimalAmount({ amount: 1905, currency: 'USD' })).toBe('19.05');
});

describe('discountPercent', () => {
  it('is the whole per cent taken off', () => {
    expect(discountPercent(twd(420), twd(520))).toBe(19);
  });

  it.each([null, undefined, twd(420), twd(400), { amount: 900, currency: 'USD' }])(
    'is none against %o',
    (was) => {
      expect(discountPercent(twd(420), was)).toBe(0);
    },
  );
});
