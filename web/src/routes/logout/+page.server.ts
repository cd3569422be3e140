import { redirect } from '@sveltejs/kit';
import { settle } from '#lib/api/problem.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { forgetSession } from '#lib/server/account.ts';
import { api } from '#lib/server/api.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = () => redirect(303, localizeHref('/'));

export const actions: Actions = {
  default: async (event) => {
    await settle(api(event).POST('/api/auth/logout'));
    // Signed out here also when the API cannot be reached.
    forgetSession(event);
    redirect(303, localizeHref('/'));
  },
};
