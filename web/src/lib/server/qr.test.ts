import { expect, it } from 'vitest';
import { encode } from 'uqr';
import { qrCode } from './qr.ts';

const URL = 'otpauth://totp/Oxcart:a%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Oxcart';

it('draws every dark square, and no other', () => {
  const { size, path } = qrCode(URL);
  const drawn = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let at = 0; at < Number(width); at += 1) {
      const row = drawn[Number(y)];
      if (row) row[Number(x) + at] = true;
    }
  }
  expect(drawn).toEqual(encode(URL, { ecc: 'M', border: 0 }).data);
  expect(path.replaceAll(/M\d+ \d+h(\d+)v1h-\1z/g, '')).toBe('');
});

it('is small enough to stand in the page', () => {
  expect(qrCode(URL).path.length).toBeLessThan(12_000);
});
