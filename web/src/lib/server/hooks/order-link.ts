import { redirect } from '@sveltejs/kit';
import type { Handle } from '@sveltejs/kit/hooks';
import { baseLocale, localizeHref } from '#lib/paraglide/runtime.js';
import { rememberedLanguage, rememberOrderToken } from '#lib/server/order-access.ts';

const ORDER_PAGE = /^\/(?:en\/)?orders\/([0-9a-f-]{36})(?:\/|$)/i;

/**
 * Links in mails, and the way back from the payment provider, carry a guest's key to one order.
 * It moves into a cookie at once, so that the address in the browser can be shared safely.
 */
export const orderLinkHandle: Handle = ({ event, resolve }) => {
  const token = event.url.searchParams.get('access_token');
  const order = ORDER_PAGE.exec(event.url.pathname)?.[1];
  if (!token || !order || event.request.method !== 'GET') return resolve(event);

  rememberOrderToken(event, order, token);
  const clean = new URL(event.url);
  clean.searchParams.delete('access_token');
  // A link that names no language is answered in the one the order was placed in.
  const locale = event.locals.locale === baseLocale ? rememberedLanguage(event) : undefined;
  redirect(303, localizeHref(clean.pathname + clean.search, locale && { locale }));
};
