import { describe, expect, it } from 'vitest';
import { readGiven } from './lookup.ts';

describe('readGiven', () => {
  it.each([
    [' a@example.com ', { email: 'a@example.com' }],
    ['0912-345-678', { phone: '0912345678' }],
    ['+886 912 345 678', { phone: '0912345678' }],
  ])('reads %j', (text, given) => expect(readGiven(text)).toEqual(given));

  it.each(['', 'a@', '@', '12', 'Wang'])('finds nothing in %j', (text) =>
    expect(readGiven(text)).toBeUndefined(),
  );
});
