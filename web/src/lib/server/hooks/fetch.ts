import type { RequestEvent } from '@sveltejs/kit';
import type { HandleFetch } from '@sveltejs/kit/hooks';
import { OXCART_API_URL, OXCART_WEB_SECRET } from '$app/env/private';
import {
  ACCESS,
  REFRESH,
  applySetCookies,
  cookieHeader,
  hasCookie,
  nameOf,
} from '#lib/server/session.ts';

/** Headers of the visitor's request that the API should see as its own. */
const FORWARDED = ['user-agent', 'x-forwarded-proto', 'traceparent'];
/** For whom we ask; `server.js` has seen to it that it comes from the Oxcart server alone. */
const CLIENT = 'x-oxcart-client';
const TIMEOUT_MS = 15_000;

/** Beside these, what is under `/api/auth/` is for people who are not signed in, or no longer. */
const FOR_SIGNED_IN = new Set(['/api/auth/logout-all', '/api/auth/email/verify/resend']);

/**
 * `/api/…` asked for while rendering goes straight to the API, with the visitor's cookies, and
 * cookies the API sets go back to the visitor. A session that ran out is renewed once, silently.
 */
export const apiFetch: HandleFetch = async (input) => {
  const { locals } = input.event;
  try {
    const response = await ask(input);
    // A page without it is shown, but to this visitor only.
    if (!response.ok) locals.isIncomplete = true;
    return response;
  } catch (failure) {
    locals.isIncomplete = true;
    throw failure;
  }
};

const ask: HandleFetch = async ({ event, request, fetch }) => {
  const url = new URL(request.url);
  if (url.origin !== event.url.origin || !url.pathname.startsWith('/api/')) return fetch(request);

  const isAuth = url.pathname.startsWith('/api/auth/') && !FOR_SIGNED_IN.has(url.pathname);
  const body = request.body ? await request.arrayBuffer() : undefined;
  const send = () => call(event, request, url, body);

  if (!isAuth && !hasCookie(event, ACCESS) && hasCookie(event, REFRESH)) await refresh(event);
  const response = await send();
  if (response.status !== 401 || isAuth || !hasCookie(event, REFRESH)) return response;
  if (!(await isOver(response))) return response;
  return (await refresh(event)) ? send() : response;
};

/** A wrong password is no reason to renew the session, let alone to send the password twice. */
async function isOver(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  const problem = typeof body === 'object' && body !== null ? body : {};
  return !('code' in problem) || problem.code === 'AUTH_UNAUTHORIZED';
}

/** Who we ask for, and that it is really us. Without it the API would take us for one busy visitor. */
function introduce(event: RequestEvent, headers: Headers): void {
  const client = event.request.headers.get(CLIENT);
  if (!client || !OXCART_WEB_SECRET) return;
  headers.set(CLIENT, client);
  headers.set('x-oxcart-web-secret', OXCART_WEB_SECRET);
}

async function call(
  event: RequestEvent,
  request: Request,
  url: URL,
  body: ArrayBuffer | undefined,
): Promise<Response> {
  const headers = new Headers(request.headers);
  for (const name of FORWARDED) {
    const value = event.request.headers.get(name);
    if (value) headers.set(name, value);
  }
  introduce(event, headers);
  headers.set('accept-language', event.locals.locale);
  headers.set('cookie', cookieHeader(event));
  // Forms of other sites were refused before this; from here on it is server to server.
  headers.delete('origin');

  const isStream = request.headers.get('accept') === 'text/event-stream';
  const response = await globalThis.fetch(OXCART_API_URL + url.pathname + url.search, {
    method: request.method,
    headers,
    body,
    redirect: 'manual',
    signal: isStream ? request.signal : AbortSignal.timeout(TIMEOUT_MS),
  });
  applySetCookies(event, response.headers.getSetCookie());
  return response;
}

/** Several pages opened at once must not use one refresh token twice: that looks like theft. */
const inFlight = new Map<string, Promise<string[] | null>>();
const REMEMBER_MS = 10_000;

function refresh(event: RequestEvent): Promise<boolean> {
  event.locals.refresh ??= refreshOnce(event);
  return event.locals.refresh;
}

async function refreshOnce(event: RequestEvent): Promise<boolean> {
  const token = event.cookies.get(nameOf(event, REFRESH)) ?? '';
  let renewal = inFlight.get(token);
  if (!renewal) {
    renewal = renew(event);
    inFlight.set(token, renewal);
    renewal.catch(() => inFlight.delete(token));
    setTimeout(() => inFlight.delete(token), REMEMBER_MS).unref();
  }
  const cookies = await renewal;
  if (cookies) {
    applySetCookies(event, cookies);
    return true;
  }
  for (const name of [ACCESS, REFRESH].map((cookie) => nameOf(event, cookie))) {
    event.cookies.delete(name, { path: '/' });
    event.locals.apiCookies.set(name, null);
  }
  return false;
}

async function renew(event: RequestEvent): Promise<string[] | null> {
  const headers = new Headers({
    'content-type': 'application/json',
    cookie: cookieHeader(event),
  });
  introduce(event, headers);
  const response = await globalThis.fetch(`${OXCART_API_URL}/api/auth/refresh`, {
    method: 'POST',
    headers,
    body: '{}',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (response.ok) return response.headers.getSetCookie();
  // Only a refusal ends the session; a shop that is starting up does not.
  if (response.status >= 500 || response.status === 429) throw new Error('refresh unavailable');
  return null;
}
