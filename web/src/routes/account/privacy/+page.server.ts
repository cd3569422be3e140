import { redirect } from '@sveltejs/kit';
import { withNotice } from '#lib/account/notices.ts';
import { settle } from '#lib/api/problem.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { forgetSession, own, refuse } from '#lib/server/account.ts';
import { api } from '#lib/server/api.ts';
import { textOf } from '#lib/server/form.ts';
import type { Actions } from './$types.js';

type Errors = Partial<Record<'email' | 'password', string>>;

export const actions: Actions = {
  close: async (event) => {
    const form = await event.request.formData();
    const typed = textOf(form, 'email').trim();
    const password = textOf(form, 'password');
    const client = api(event);
    const { email } = await own(event, client.GET('/api/me'));

    const errors: Errors = {};
    if (typed.toLowerCase() !== email.toLowerCase()) errors.email = m.invalid_close_email();
    if (!password) errors.password = m.invalid_required();
    if (errors.email || errors.password) {
      return refuse(event, 'close', 'VALIDATION_FAILED', { typed, errors });
    }

    const closed = await settle(client.DELETE('/api/me', { body: { password } }));
    if (closed.ok) {
      forgetSession(event);
      redirect(303, localizeHref(withNotice('/', 'account_closed')));
    }
    const { failure } = closed;
    if (failure.code !== 'AUTH_INVALID_CREDENTIALS') {
      return refuse(event, 'close', failure, { typed, errors });
    }
    errors.password = m.invalid_current_password();
    return refuse(event, 'close', { ...failure, code: 'VALIDATION_FAILED' }, { typed, errors });
  },
};
