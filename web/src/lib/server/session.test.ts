import { describe, expect, it } from 'vitest';
import { ACCESS, hasCookie, isSignedIn } from './session.ts';

function visit(url: string, cookies: Record<string, string>) {
  return {
    url: new URL(url),
    cookies: { get: (name: string) => cookies[name] },
    locals: { apiCookies: new Map<string, string | null>() },
  } as unknown as Parameters<typeof hasCookie>[0];
}

describe('the cookies of a session', () => {
  it('have the name that applies, and no other', () => {
    const plain = { oxcart_access: 'a' };
    const host = { '__Host-oxcart_access': 'a' };
    expect(hasCookie(visit('http://shop.test/', plain), ACCESS)).toBe(true);
    expect(hasCookie(visit('https://shop.test/', host), ACCESS)).toBe(true);
    // Over https the name without the prefix is one that a neighbour may have planted.
    expect(hasCookie(visit('https://shop.test/', plain), ACCESS)).toBe(false);
    expect(hasCookie(visit('http://shop.test/', host), ACCESS)).toBe(false);
  });

  it('count as the API left them during this request', () => {
    const event = visit('https://shop.test/', { '__Host-oxcart_access': 'a' });
    event.locals.apiCookies.set('__Host-oxcart_access', null);
    expect(isSignedIn(event)).toBe(false);
    event.locals.apiCookies.set('__Host-oxcart_refresh', 'b');
    expect(isSignedIn(event)).toBe(true);
  });
});
