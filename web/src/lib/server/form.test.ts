import { expect, it } from 'vitest';
import { safeNext } from './form.ts';

it.each(['/orders', '/en/checkout?step=2', '/'])('goes on to %s', (path) => {
  expect(safeNext(path)).toBe(path);
});

it.each([null, '', 'https://evil.example', '//evil.example', '/\\evil.example', '/a\nb', 'orders'])(
  'does not follow %j',
  (path) => {
    expect(safeNext(path)).toBeUndefined();
  },
);
