import type { RequestEvent } from '@sveltejs/kit';
import { nameOf } from './session.ts';

/** What a link in a mail is good for. */
export type Purpose = 'verify' | 'reset';

const PREFIX = 'oxcart_mail_';
const HALF_AN_HOUR = 30 * 60;
/** As the API makes them; anything else is no token. */
const TOKEN = /^[\w-]{16,200}$/;

type Event = Pick<RequestEvent, 'cookies' | 'url'>;

/** The cookie in which a mail's token waits for the button to be pressed. */
export function tokenCookie(event: Event, purpose: Purpose, token: string): string {
  const name = nameOf(event, PREFIX + purpose);
  return event.cookies.serialize(name, TOKEN.test(token) ? token : '', {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: event.url.protocol === 'https:',
    maxAge: HALF_AN_HOUR,
  });
}

export function mailToken(event: Event, purpose: Purpose): string {
  return event.cookies.get(nameOf(event, PREFIX + purpose)) ?? '';
}

/** Each works once. */
export function forgetToken(event: Event, purpose: Purpose): void {
  event.cookies.delete(nameOf(event, PREFIX + purpose), { path: '/' });
}
