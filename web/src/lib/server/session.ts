import type { RequestEvent } from '@sveltejs/kit';

export const ACCESS = 'oxcart_access';
export const REFRESH = 'oxcart_refresh';
const CART = 'oxcart_cart';

type Event = Pick<RequestEvent, 'cookies' | 'request' | 'locals' | 'url'>;

/** A cookie's name as the browser has it: over https it is one that no other host can plant. */
export function nameOf({ url }: Pick<Event, 'url'>, name: string): string {
  return url.protocol === 'https:' ? `__Host-${name}` : name;
}

/** The visitor's cookies as sent, overlaid with what the API changed during this request. */
export function cookieHeader(event: Event): string {
  const jar = new Map<string, string>();
  for (const pair of (event.request.headers.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0) jar.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
  for (const [name, value] of event.locals.apiCookies) {
    if (value === null) jar.delete(name);
    else jar.set(name, value);
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** Passes cookies set by the API on to the browser, and to later calls of this request. */
export function applySetCookies(event: Event, setCookies: string[]): void {
  for (const text of setCookies) {
    const { name, value, ...options } = event.cookies.parse(text, { decode: (raw) => raw });
    if (value === undefined) continue;
    const isGone = value === '' || options.maxAge === 0;
    event.locals.apiCookies.set(name, isGone ? null : value);
    event.cookies.set(name, value, {
      ...options,
      path: options.path ?? '/',
      httpOnly: options.httpOnly ?? false,
      secure: options.secure ?? false,
      encode: (raw) => raw,
    });
  }
}

export function hasCookie(event: Event, cookie: string): boolean {
  const name = nameOf(event, cookie);
  return event.locals.apiCookies.has(name)
    ? event.locals.apiCookies.get(name) !== null
    : event.cookies.get(name) !== undefined;
}

/** Whether this visitor can be somebody with an account; asks nobody. */
export function isSignedIn(event: Event): boolean {
  return hasCookie(event, ACCESS) || hasCookie(event, REFRESH);
}

/** Whether this visitor can have a cart or an account at all; asks nobody. */
export function hasSession(event: Event): boolean {
  return [ACCESS, REFRESH, CART].some((name) => hasCookie(event, name));
}
