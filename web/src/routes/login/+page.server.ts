import { fail, redirect } from '@sveltejs/kit';
import { settle, type Refusal } from '#lib/api/problem.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api } from '#lib/server/api.ts';
import { refusal, safeNext, textOf } from '#lib/server/form.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const { user } = await event.parent();
  const next = safeNext(event.url.searchParams.get('next'));
  if (user) redirect(303, localizeHref(next ?? '/account'));
  return { next };
};

/** What the second step asks for: a code of the app, or one of those kept for when it is lost. */
type Factor = 'app' | 'recovery';

/** What the form is shown again with. */
interface Again {
  email: string;
  refusal?: Refusal;
  /** Set from the second step on. */
  factor?: Factor;
  errors?: { code: string };
}

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const email = textOf(form, 'email').trim();
    const password = textOf(form, 'password');
    const code = textOf(form, 'code').replace(/\s/g, '');
    const isSecondStep = form.has('code');
    const factor: Factor = textOf(form, 'factor') === 'recovery' ? 'recovery' : 'app';

    const again: Again = isSecondStep ? { email, factor } : { email };

    // Without scripts, the other kind of code is a step of its own.
    if (form.has('switch')) {
      const other: Factor = factor === 'recovery' ? 'app' : 'recovery';
      return { ...again, factor: other };
    }
    if (!email || !password) {
      return fail(422, { ...again, refusal: refusal('VALIDATION_FAILED') });
    }
    if (isSecondStep && !code) {
      const errors = { code: m.invalid_code() };
      return fail(422, { ...again, refusal: refusal('VALIDATION_FAILED'), errors });
    }

    const body = isSecondStep ? { email, password, code } : { email, password };
    const signedIn = await settle(api(event).POST('/api/auth/login', { body }));
    if (signedIn.ok) {
      redirect(303, localizeHref(safeNext(event.url.searchParams.get('next')) ?? '/account'));
    }
    const { failure } = signedIn;
    // The password was right. It is not written into the page: it stays in its field, or, without
    // scripts, is typed once more.
    if (failure.code === 'SECOND_FACTOR_REQUIRED') return fail(401, { ...again, factor });
    const refused = refusal(failure);
    if (isSecondStep && failure.code === 'AUTH_INVALID_CREDENTIALS') {
      refused.message = m.login_code_refused();
      const hint = factor === 'recovery' ? m.field_recovery_code_hint : m.login_code_check;
      return fail(failure.status, { ...again, refusal: refused, errors: { code: hint() } });
    }
    return fail(failure.status, { ...again, refusal: refused });
  },
};
