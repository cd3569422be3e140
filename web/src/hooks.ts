import type { Reroute } from '@sveltejs/kit/hooks';
import { deLocalizeUrl } from '#lib/paraglide/runtime.js';

/** `/en/products` is the page `/products`; the language is read from the address elsewhere. */
export const reroute: Reroute = ({ url }) => deLocalizeUrl(url).pathname;
