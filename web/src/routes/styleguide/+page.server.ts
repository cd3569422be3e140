import { error } from '@sveltejs/kit';
import { dev } from '$app/env';
import { OXCART_STYLEGUIDE } from '$app/env/private';
import type { PageServerLoad } from './$types.js';

/** For those who build the shop, not for those who buy in it. */
export const load: PageServerLoad = () => {
  if (!dev && !OXCART_STYLEGUIDE) error(404, 'Not found');
};
