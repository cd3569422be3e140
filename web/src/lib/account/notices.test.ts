import { expect, it } from 'vitest';
import { noticeText, withNotice } from './notices.ts';

it.each([
  ['/account', '/account?notice=registered'],
  ['/products?q=tea', '/products?q=tea&notice=registered'],
  ['/cart#coupon', '/cart?notice=registered#coupon'],
])('puts a notice on %s', (path, expected) => {
  expect(withNotice(path, 'registered')).toBe(expected);
});

it('has words for its own codes only', () => {
  expect(noticeText('signed_out')).toBeTruthy();
  for (const code of [null, '', 'nonsense', 'toString', 'constructor']) {
    expect(noticeText(code)).toBeUndefined();
  }
});
