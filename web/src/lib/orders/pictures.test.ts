import { expect, it } from 'vitest';
import { scaled } from './pictures.ts';

it.each([
  [4000, 3000, 2000, [2000, 1500]],
  [3000, 4000, 2000, [1500, 2000]],
  [800, 600, 2000, [800, 600]],
  [10_000, 1, 2000, [2000, 1]],
] as const)('%i × %i becomes at most %i on a side', (width, height, most, expected) => {
  expect(scaled(width, height, most)).toEqual(expected);
});
