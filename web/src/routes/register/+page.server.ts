import { fail, redirect } from '@sveltejs/kit';
import { settle } from '#lib/api/problem.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api } from '#lib/server/api.ts';
import { refusal, safeNext } from '#lib/server/form.ts';
import type { Actions, PageServerLoad } from './$types.js';

const SHORTEST_PASSWORD = 10;

export const load: PageServerLoad = async (event) => {
  const { user } = await event.parent();
  const next = safeNext(event.url.searchParams.get('next'));
  if (user) redirect(303, localizeHref(next ?? '/account'));
  return { next };
};

type Errors = Partial<Record<'name' | 'email' | 'password', string>>;

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const name = String(form.get('name') ?? '').trim();
    const email = String(form.get('email') ?? '').trim();
    const password = String(form.get('password') ?? '');

    const errors: Errors = {};
    if (!name) errors.name = m.invalid_required();
    if (!/^\S+@\S+\.\S+$/.test(email)) errors.email = m.invalid_email();
    if (password.length < SHORTEST_PASSWORD) errors.password = m.invalid_password();
    if (Object.keys(errors).length > 0) {
      return fail(422, { ...refusal('VALIDATION_FAILED'), name, email, errors });
    }

    const client = api(event);
    const made = await settle(
      client.POST('/api/auth/register', { body: { name, email, password } }),
    );
    if (!made.ok) {
      for (const { pointer, detail } of made.failure.errors) {
        const field = pointer.slice(1);
        if (field === 'name' || field === 'email' || field === 'password') errors[field] = detail;
      }
      return fail(made.failure.status, { ...refusal(made.failure), name, email, errors });
    }
    const signedIn = await settle(client.POST('/api/auth/login', { body: { email, password } }));
    if (!signedIn.ok) redirect(303, localizeHref('/login'));
    redirect(303, localizeHref(safeNext(event.url.searchParams.get('next')) ?? '/account'));
  },
};
