import { describe, expect, it } from 'vitest';
import { newSlug } from './moved.ts';

const answer = (status: number, location?: string) =>
  Promise.resolve({
    response: new Response(null, { status, headers: location ? { location } : {} }),
  });

describe('an address that was given up', () => {
  it('leads to the slug of today', async () => {
    expect(await newSlug(answer(301, '/api/products/deep-bowl'))).toBe('deep-bowl');
  });

  it('leads nowhere when the API says nothing of it', async () => {
    expect(await newSlug(answer(200))).toBeUndefined();
    expect(await newSlug(answer(404))).toBeUndefined();
    expect(await newSlug(answer(301))).toBeUndefined();
    expect(await newSlug(answer(301, 'https://elsewhere.example/?a'))).toBeUndefined();
    expect(await newSlug(Promise.reject(new Error('no network')))).toBeUndefined();
  });
});
