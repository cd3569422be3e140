import { fail, redirect, type RequestEvent } from '@sveltejs/kit';
import { settle, type Failure } from '#lib/api/problem.ts';
import type { User } from '#lib/api/types.ts';
import { deLocalizeUrl, localizeHref } from '#lib/paraglide/runtime.js';
import { api, raise } from './api.ts';
import { refusal } from './form.ts';
import { rememberLanguage } from './order-access.ts';
import { ACCESS, REFRESH, nameOf } from './session.ts';

interface Guarded {
  parent: () => Promise<{ user: User | null }>;
  url: URL;
}

/** Whoever is not signed in does that first, and comes back to this page. */
export function toLogin(url: URL): never {
  const next = deLocalizeUrl(url).pathname;
  redirect(303, localizeHref(`/login?next=${encodeURIComponent(next)}`));
}

/** The person whose page it is. */
export async function signedIn({ parent, url }: Guarded): Promise<User> {
  const { user } = await parent();
  return user ?? toLogin(url);
}

/** Data of the person who is signed in, which the page cannot be without. */
export async function own<T>(
  { url }: Pick<Guarded, 'url'>,
  call: Parameters<typeof settle<T>>[0],
): Promise<T> {
  const result = await settle(call);
  if (result.ok) return result.data;
  return isSignedOut(result.failure) ? toLogin(url) : raise(result.failure);
}

/** A refusal as the answer of one of the page's forms, with what else that form shows. */
export function refuse<At extends string, T extends object>(
  { url }: Pick<RequestEvent, 'url'>,
  at: At,
  reason: Failure | string,
  more: T,
) {
  if (typeof reason !== 'string' && isSignedOut(reason)) toLogin(url);
  const status = typeof reason === 'string' ? 422 : reason.status;
  return fail(status, { at, refusal: refusal(reason), ...more });
}

/** The session is over; a wrong password or code is something else. */
function isSignedOut({ status, code }: Failure): boolean {
  return status === 401 && code === 'AUTH_UNAUTHORIZED';
}

type Visitor = Pick<RequestEvent, 'cookies' | 'locals' | 'url'>;

/** Takes away the cookies of a session that has ended. */
export function forgetSession(event: Visitor): void {
  for (const cookie of [ACCESS, REFRESH]) forget(event, cookie);
}

/** Has the session renewed by the next call: something that its token says has changed. */
export function renewSession(event: Visitor): void {
  forget(event, ACCESS);
}

function forget(event: Visitor, cookie: string): void {
  const name = nameOf(event, cookie);
  event.cookies.delete(name, { path: '/' });
  event.locals.apiCookies.set(name, null);
}

/** Sends the mail that confirms the address once more: the action `resend` of several pages. */
export async function resendMail(event: RequestEvent) {
  rememberLanguage(event, event.locals.locale);
  const sent = await settle(api(event).POST('/api/auth/email/verify/resend'));
  return sent.ok ? { at: 'resend' as const } : refuse(event, 'resend', sent.failure, {});
}
