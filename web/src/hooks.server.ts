import { sequence } from '@sveltejs/kit/hooks';
import { bootHandle } from '#lib/server/hooks/boot.ts';
import { localeHandle } from '#lib/server/hooks/locale.ts';
import { headersHandle } from '#lib/server/hooks/headers.ts';
import { mailLinkHandle } from '#lib/server/hooks/mail-link.ts';
import { orderLinkHandle } from '#lib/server/hooks/order-link.ts';

export { apiFetch as handleFetch } from '#lib/server/hooks/fetch.ts';
export { reportError as handleError } from '#lib/server/hooks/error.ts';

export const handle = sequence(
  localeHandle,
  orderLinkHandle,
  mailLinkHandle,
  headersHandle,
  bootHandle,
);
