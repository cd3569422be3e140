import { fail, redirect } from '@sveltejs/kit';
import { withNotice } from '#lib/account/notices.ts';
import { passwordError } from '#lib/account/password.ts';
import { settle } from '#lib/api/problem.ts';
import { isEmail } from '#lib/form/check.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api } from '#lib/server/api.ts';
import { fieldErrors, refusal, safeNext, textOf } from '#lib/server/form.ts';
import { rememberLanguage } from '#lib/server/order-access.ts';
import type { Actions, PageServerLoad } from './$types.js';

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
    const name = textOf(form, 'name').trim();
    const email = textOf(form, 'email').trim();
    const password = textOf(form, 'password');

    const errors: Errors = {};
    if (!name) errors.name = m.invalid_required();
    if (!isEmail(email)) errors.email = m.invalid_email();
    const problem = passwordError(password);
    if (problem) errors.password = problem;
    if (Object.keys(errors).length > 0) {
      return fail(422, { refusal: refusal('VALIDATION_FAILED'), name, email, errors });
    }

    rememberLanguage(event, event.locals.locale);
    const client = api(event);
    const asked = await settle(
      client.POST('/api/auth/register', { body: { name, email, password } }),
    );
    if (!asked.ok) {
      const { failure } = asked;
      const words = {
        name: m.invalid_required,
        email: m.invalid_email,
        password: m.invalid_password_common,
      };
      Object.assign(errors, fieldErrors(failure, words));
      return fail(failure.status, { refusal: refusal(failure), name, email, errors });
    }

    // The API says the same to everybody. Signing in works for whoever has just opened an account,
    // and for the owner of one; all others read their mail, and learn nothing here.
    const signedIn = await settle(client.POST('/api/auth/login', { body: { email, password } }));
    if (!signedIn.ok) return { checkMail: email };
    const next = safeNext(event.url.searchParams.get('next')) ?? '/account';
    redirect(303, localizeHref(withNotice(next, 'registered')));
  },
};
