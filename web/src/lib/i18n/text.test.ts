import { expect, it } from 'vitest';
import { inOtherLanguage } from './text.ts';

it.each([
  ['/en/products?q=1', 'zh-TW', '/products?q=1'],
  ['/products', 'en', '/en/products'],
  // Without its language this would be another site's.
  ['/en//evil.example', 'zh-TW', '/evil.example'],
  ['///evil.example//x', 'en', '/en/evil.example/x'],
] as const)('%s in %s', (path, locale, expected) => {
  expect(inOtherLanguage(new URL('http://shop.example' + path), locale)).toBe(expected);
});
