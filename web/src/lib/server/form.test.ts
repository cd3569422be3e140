import { expect, it } from 'vitest';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { fieldErrors, safeNext } from './form.ts';

it.each(['/orders', '/en/checkout?step=2', '/', '/a/%2f%2fevil.example', '/a?next=//b#c'])(
  'goes on to %s',
  (path) => {
    expect(safeNext(path)).toBe(path);
  },
);

it.each([
  null,
  '',
  'https://evil.example',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/%2e//evil.example',
  '/en//evil.example',
  '/./\\evil.example',
  '/\tevil.example',
  '/a\nb',
  'orders',
  'javascript:alert(1)',
])('does not follow %j', (path) => {
  expect(safeNext(path)).toBeUndefined();
});

it('never leaves the shop, whatever it is made of', () => {
  const parts = [
    '/',
    '//',
    '\\',
    '.',
    '..',
    '%2e',
    '%2f',
    '@',
    ':',
    '?',
    '#',
    '\t',
    'en',
    'evil.example',
  ];
  const shop = 'https://shop.example';
  // A small generator of our own: the same strings in every run.
  let seed = 1;
  const next = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  let followed = 0;
  for (let run = 0; run < 100_000; run += 1) {
    const length = 1 + next(7);
    const path = `/${Array.from({ length }, () => parts[next(parts.length)]).join('')}`;
    const target = safeNext(path);
    if (target === undefined) continue;
    followed += 1;
    expect(new URL(target, shop).origin, path).toBe(shop);
    // As the pages use it.
    expect(new URL(localizeHref(target), shop).origin, path).toBe(shop);
  }
  expect(followed).toBeGreaterThan(1_000);
});

it('puts complaints beside the fields they are about, in the shop’s words', () => {
  const errors = [
    { pointer: '/password', detail: 'has leaked' },
    { pointer: '/password', detail: 'is short' },
    { pointer: '/toString', detail: 'is no field' },
    { pointer: '/items/0', detail: 'is elsewhere' },
  ];
  expect(fieldErrors({ errors }, { password: () => 'ours', name: () => 'not asked' })).toEqual({
    password: 'ours',
  });
});
