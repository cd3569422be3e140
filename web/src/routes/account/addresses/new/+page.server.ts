import { addAddress } from '#lib/server/addresses.ts';
import { taiwan } from '#lib/server/taiwan.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = ({ locals }) => ({ cities: taiwan(locals.locale) });

export const actions: Actions = { default: addAddress };
