import { fail, redirect } from '@sveltejs/kit';
import { settle } from '#lib/api/problem.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api } from '#lib/server/api.ts';
import { refusal, safeNext } from '#lib/server/form.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const { user } = await event.parent();
  const next = safeNext(event.url.searchParams.get('next'));
  if (user) redirect(303, localizeHref(next ?? '/account'));
  return { next };
};

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const email = String(form.get('email') ?? '').trim();
    const password = String(form.get('password') ?? '');
    if (!email || !password) return fail(422, { ...refusal('VALIDATION_FAILED'), email });

    const result = await settle(api(event).POST('/api/auth/login', { body: { email, password } }));
    if (!result.ok) return fail(result.failure.status, { ...refusal(result.failure), email });
    redirect(303, localizeHref(safeNext(event.url.searchParams.get('next')) ?? '/account'));
  },
};
