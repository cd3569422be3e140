import { expect, it } from 'vitest';
import { Kept } from './kept.ts';

it('asks once for all who wait, and again when the time is over', async () => {
  const kept = new Kept<number>(1000);
  let asked = 0;
  const find = () => Promise.resolve((asked += 1));
  expect(await Promise.all([kept.get('a', find, 0), kept.get('a', find, 999)])).toEqual([1, 1]);
  expect(await kept.get('b', find, 0)).toBe(2);
  expect(await kept.get('a', find, 1000)).toBe(3);
});

it('does not keep a failure', async () => {
  const kept = new Kept<number>(1000);
  await expect(kept.get('a', () => Promise.reject(new Error('down')), 0)).rejects.toThrow('down');
  expect(await kept.get('a', () => Promise.resolve(7), 1)).toBe(7);
});
