import type { RequestHandler } from './$types.js';
import { localizeHref, locales } from '#lib/paraglide/runtime.js';

/** What belongs to one visitor, and what only answers forms. */
const CLOSED = [
  '/cart',
  '/checkout',
  '/orders',
  '/account',
  '/login',
  '/register',
  '/wishlist',
  '/stock-notices',
];

export const GET: RequestHandler = ({ url }) => {
  const paths = CLOSED.flatMap((path) => locales.map((locale) => localizeHref(path, { locale })));
  const lines = [
    'User-agent: *',
    ...paths.map((path) => `Disallow: ${path}`),
    '',
    `Sitemap: ${url.origin}/sitemap.xml`,
    '',
  ];
  return new Response(lines.join('\n'), {
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'public, max-age=600',
    },
  });
};
