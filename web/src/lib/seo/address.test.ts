import { describe, expect, it } from 'vitest';
import { readQuery } from '#lib/catalog/query.ts';
import { addressOf, alternates, canonicalList } from './address.ts';

const ORIGIN = 'https://shop.example';
const list = (search: string) => canonicalList(readQuery(new URLSearchParams(search)));

it('an address has its origin and its language', () => {
  expect(addressOf(ORIGIN, '/products/mug', 'zh-TW')).toBe('https://shop.example/products/mug');
  expect(addressOf(ORIGIN, '/products/mug', 'en')).toBe('https://shop.example/en/products/mug');
});

it('every language is an alternate, whichever page it is seen from; the first is the default', () => {
  const expected = [
    { hreflang: 'zh-TW', href: 'https://shop.example/products?category=tea' },
    { hreflang: 'en', href: 'https://shop.example/en/products?category=tea' },
    { hreflang: 'x-default', href: 'https://shop.example/products?category=tea' },
  ];
  expect(alternates(ORIGIN, '/products?category=tea')).toEqual(expected);
  expect(alternates(ORIGIN, '/en/products?category=tea')).toEqual(expected);
});

describe('canonicalList', () => {
  it.each([
    ['', '/products'],
    ['category=tea', '/products?category=tea'],
    ['category=tea&sort=price_asc', '/products?category=tea'],
  ])('%j is %s', (search, path) => expect(list(search)).toBe(path));

  it.each(['category=tea&min_price=0', 'max_price=9', 'in_stock=true', 'cursor=12'])(
    '%j is for people only',
    (search) => expect(list(search)).toBeUndefined(),
  );
});
