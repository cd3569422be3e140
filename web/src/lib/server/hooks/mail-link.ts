import type { Handle } from '@sveltejs/kit/hooks';
import { baseLocale, localizeHref } from '#lib/paraglide/runtime.js';
import { tokenCookie, type Purpose } from '#lib/server/mail-token.ts';
import { rememberedLanguage } from '#lib/server/order-access.ts';

const PAGE = /^\/(?:en\/)?(verify-email|reset-password)\/?$/;
const PURPOSES: Record<string, Purpose> = { 'verify-email': 'verify', 'reset-password': 'reset' };

/**
 * Links in mails carry a token that works once. It moves into a cookie at once: it is never in the
 * browser's history nor in a referrer, and nothing has happened yet, for scanners of mail follow
 * links too. The page asks the person to press a button.
 *
 * The pages themselves could not do with `Referrer-Policy: no-referrer`: under it browsers send
 * forms with `Origin: null`, which is refused as another site's.
 */
export const mailLinkHandle: Handle = ({ event, resolve }) => {
  const page = PAGE.exec(event.url.pathname)?.[1] ?? '';
  const purpose = PURPOSES[page];
  const token = event.url.searchParams.get('token');
  if (!purpose || token === null || event.request.method !== 'GET') return resolve(event);

  // A link that names no language is answered in the one that was used here before.
  const locale = event.locals.locale === baseLocale ? rememberedLanguage(event) : undefined;
  return new Response(null, {
    status: 303,
    headers: {
      location: localizeHref(`/${page}`, locale && { locale }),
      'cache-control': 'private, no-store',
      'referrer-policy': 'no-referrer',
      'set-cookie': tokenCookie(event, purpose, token),
    },
  });
};
