import { redirect } from '@sveltejs/kit';
import { withNotice } from '#lib/account/notices.ts';
import { passwordError } from '#lib/account/password.ts';
import { settle } from '#lib/api/problem.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { refuse } from '#lib/server/account.ts';
import { api } from '#lib/server/api.ts';
import { fieldErrors, textOf } from '#lib/server/form.ts';
import type { Actions } from './$types.js';

type Errors = Partial<Record<'current_password' | 'new_password', string>>;

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const current = textOf(form, 'current_password');
    const wanted = textOf(form, 'new_password');

    const errors: Errors = {};
    if (!current) errors.current_password = m.invalid_required();
    const problem = passwordError(wanted);
    if (problem) errors.new_password = problem;
    if (errors.current_password || errors.new_password) {
      return refuse(event, 'change', 'VALIDATION_FAILED', { errors });
    }

    const body = { current_password: current, new_password: wanted };
    const changed = await settle(api(event).POST('/api/me/password', { body }));
    if (changed.ok) redirect(303, localizeHref(withNotice('/account', 'password_changed')));

    const { failure } = changed;
    if (failure.code === 'AUTH_INVALID_CREDENTIALS') {
      errors.current_password = m.invalid_current_password();
      return refuse(event, 'change', { ...failure, code: 'VALIDATION_FAILED' }, { errors });
    }
    const words = { new_password: m.invalid_password_common };
    return refuse(event, 'change', failure, { errors: fieldErrors(failure, words) as Errors });
  },
};
