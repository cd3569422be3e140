import { createHash } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { leadingZeros, sha256, solve } from './proof.ts';
import { Work } from './work.ts';

const hex = (words: Uint32Array) =>
  [...words].map((word) => word.toString(16).padStart(8, '0')).join('');

it('is SHA-256, whatever the length', () => {
  for (let length = 0; length < 200; length += 1) {
    const text = Array.from({ length }, (_, i) => String.fromCharCode(32 + ((i * 7) % 90))).join(
      '',
    );
    expect(hex(sha256(text)), `${length}`).toBe(createHash('sha256').update(text).digest('hex'));
  }
});

it('counts zeros from the left', () => {
  expect(leadingZeros(Uint32Array.of(0xffffffff, 0))).toBe(0);
  expect(leadingZeros(Uint32Array.of(1, 0))).toBe(31);
  expect(leadingZeros(Uint32Array.of(0, 0x00ffffff))).toBe(40);
});

it('finds a number that fits', () => {
  const proof = solve('a-challenge', 12);
  expect(proof).toMatch(/^a-challenge:\d+$/);
  const hash = createHash('sha256').update(proof).digest();
  expect(hash.readUInt16BE(0) >>> 4).toBe(0);
});

it('does the work once, and again when it is too old or used up', async () => {
  let count = 0;
  const answers = [1_000, 5_000, 9_000];
  const begin = vi.fn(async () => ({ proof: `p${(count += 1)}`, until: answers[count - 1] ?? 0 }));
  vi.useFakeTimers({ now: 0 });
  try {
    const work = new Work(begin);
    expect(await work.take()).toBe('p1');
    expect(await work.take()).toBe('p1');
    vi.setSystemTime(1_000);
    expect(await work.take()).toBe('p2');
    work.renew();
    expect(await work.take()).toBe('p3');
    expect(begin).toHaveBeenCalledTimes(3);
  } finally {
    vi.useRealTimers();
  }
});
