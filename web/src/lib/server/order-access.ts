import type { RequestEvent } from '@sveltejs/kit';
import { baseLocale, toLocale, type Locale } from '#lib/paraglide/runtime.js';

const PREFIX = 'oxcart_order_';
const LANGUAGE = 'oxcart_lang';
const KEPT = 12;
const THIRTY_DAYS = 30 * 24 * 60 * 60;

type Event = Pick<RequestEvent, 'cookies' | 'url'>;

/** Keeps a guest's key to one order in a cookie that no script can read. */
export function rememberOrderToken({ cookies, url }: Event, order: string, token: string): void {
  const kept = cookies
    .getAll()
    .map(({ name }) => name)
    .filter((name) => name.startsWith(PREFIX) && name !== PREFIX + order)
    // Order ids are UUID v7: the oldest come first.
    .sort();
  for (const name of kept.slice(0, Math.max(0, kept.length - KEPT + 1))) {
    cookies.delete(name, { path: '/' });
  }
  cookies.set(PREFIX + order, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: url.protocol === 'https:',
    maxAge: THIRTY_DAYS,
  });
}

/** The header that opens an order to a guest; nothing for the signed-in owner. */
export function orderTokenHeader(
  { cookies }: Pick<Event, 'cookies'>,
  order: string,
): Record<string, string> {
  const token = cookies.get(PREFIX + order);
  return token ? { 'X-Order-Token': token } : {};
}

/** Remembers in which language an order was placed: the way back from the provider has none. */
export function rememberLanguage({ cookies, url }: Event, locale: Locale): void {
  cookies.set(LANGUAGE, locale, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: url.protocol === 'https:',
    maxAge: THIRTY_DAYS,
  });
}

export function rememberedLanguage({ cookies }: Pick<Event, 'cookies'>): Locale {
  return toLocale(cookies.get(LANGUAGE)) ?? baseLocale;
}
