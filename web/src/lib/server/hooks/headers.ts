import type { Handle } from '@sveltejs/kit/hooks';

const FORM_ACTION = "form-action 'self'";

/** Pages that look the same to everybody without a session; a shared cache may keep them briefly. */
const PUBLIC_ROUTES = new Set([
  '/',
  '/products',
  '/products/[slug]',
  '/help',
  '/help/[topic]',
  '/legal/[document]',
]);
const SESSION_COOKIE = /^(__Host-)?oxcart_/;

/** The usual security headers, and what a cache in front may keep. */
export const headersHandle: Handle = async ({ event, resolve }) => {
  const response = await resolve(event);
  const { headers } = response;
  headers.set('x-content-type-options', 'nosniff');
  headers.set('x-frame-options', 'DENY');
  headers.set('referrer-policy', 'strict-origin-when-cross-origin');
  headers.set('permissions-policy', 'camera=(), microphone=(), geolocation=()');
  headers.set('cross-origin-opener-policy', 'same-origin');

  const policy = headers.get('content-security-policy');
  if (policy && event.locals.formActions.length > 0) {
    const allowed = `${FORM_ACTION} ${event.locals.formActions.join(' ')}`;
    headers.set('content-security-policy', policy.replace(FORM_ACTION, allowed));
  }

  if (!headers.has('cache-control')) {
    headers.set('cache-control', isShared(event, response) ? SHARED : 'private, no-store');
  }
  return response;
};

const SHARED = 'public, max-age=0, s-maxage=2, stale-while-revalidate=5';

function isShared(event: Parameters<Handle>[0]['event'], response: Response): boolean {
  return (
    event.request.method === 'GET' &&
    response.status === 200 &&
    PUBLIC_ROUTES.has(event.route.id ?? '') &&
    !response.headers.has('set-cookie') &&
    !event.cookies.getAll().some(({ name }) => SESSION_COOKIE.test(name))
  );
}
