/** Which answers may be shown to everybody: the page cache of Oxcart keeps what is said here. */

/** Pages that look the same to everybody without a cookie of ours. */
const PUBLIC_ROUTES = new Set([
  '/',
  '/products',
  '/products/[slug]',
  '/help',
  '/help/[topic]',
  '/legal/[document]',
]);
const OUR_COOKIE = /^(__Host-|__Secure-)?oxcart_/;

const PRIVATE = 'private, no-store';
/** Seconds: as it is; while a new one is made; while this server fails. Browsers ask each time. */
const SHARED = 'public, max-age=0, s-maxage=2, stale-while-revalidate=5, stale-if-error=60';

export interface Answered {
  method: string;
  route: string | null;
  status: number;
  setsCookie: boolean;
  cookies: string[];
  /** Something of the page could not be had; the next visitor may have more luck. */
  isIncomplete: boolean;
}

export const isPublic = (route: string | null) => PUBLIC_ROUTES.has(route ?? '');

export function cacheControl(answered: Answered): string {
  const { method, route, status, setsCookie, cookies, isIncomplete } = answered;
  const isShared =
    (method === 'GET' || method === 'HEAD') &&
    status === 200 &&
    isPublic(route) &&
    !setsCookie &&
    !isIncomplete &&
    !cookies.some((name) => OUR_COOKIE.test(name));
  return isShared ? SHARED : PRIVATE;
}
