import { redirect } from '@sveltejs/kit';
import { settle } from '#lib/api/problem.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api } from '#lib/server/api.ts';
import { ACCESS, REFRESH } from '#lib/server/session.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = () => redirect(303, localizeHref('/'));

export const actions: Actions = {
  default: async (event) => {
    await settle(api(event).POST('/api/auth/logout'));
    // Signed out here also when the API cannot be reached.
    for (const name of [ACCESS, REFRESH]) event.cookies.delete(name, { path: '/' });
    redirect(303, localizeHref('/'));
  },
};
