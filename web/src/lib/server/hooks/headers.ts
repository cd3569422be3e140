import type { Handle } from '@sveltejs/kit/hooks';
import { cacheControl, isPublic } from '#lib/server/hooks/shared.ts';

const FORM_ACTION = "form-action 'self'";

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

  // Who has a cookie of ours sees another page, also from the browser's own cache.
  if (isPublic(event.route.id)) headers.append('vary', 'cookie');
  if (!headers.has('cache-control')) {
    headers.set(
      'cache-control',
      cacheControl({
        method: event.request.method,
        route: event.route.id,
        status: response.status,
        setsCookie: headers.has('set-cookie'),
        cookies: event.cookies.getAll().map(({ name }) => name),
        isIncomplete: event.locals.isIncomplete,
      }),
    );
  }
  return response;
};
