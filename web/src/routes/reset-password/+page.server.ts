import { redirect } from '@sveltejs/kit';
import { withNotice } from '#lib/account/notices.ts';
import { passwordError } from '#lib/account/password.ts';
import { settle } from '#lib/api/problem.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { forgetSession, refuse } from '#lib/server/account.ts';
import { api } from '#lib/server/api.ts';
import { fieldErrors, textOf } from '#lib/server/form.ts';
import { forgetToken, mailToken } from '#lib/server/mail-token.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = (event) => ({ hasToken: mailToken(event, 'reset') !== '' });

type Errors = Partial<Record<'password', string>>;

export const actions: Actions = {
  default: async (event) => {
    const password = textOf(await event.request.formData(), 'password');
    const problem = passwordError(password);
    if (problem) {
      const errors: Errors = { password: problem };
      return refuse(event, 'reset', 'VALIDATION_FAILED', { errors, isOver: false });
    }

    const token = mailToken(event, 'reset');
    const body = { token, password };
    const reset = await settle(api(event).POST('/api/auth/password/reset', { body }));
    if (reset.ok) {
      forgetToken(event, 'reset');
      // Every session has ended, also the one that this browser may have had.
      forgetSession(event);
      redirect(303, localizeHref(withNotice('/login', 'password_reset')));
    }
    const { failure } = reset;
    const isOver =
      failure.code === 'TOKEN_INVALID' ||
      failure.errors.some(({ pointer }) => pointer === '/token');
    if (isOver) forgetToken(event, 'reset');
    const words = { password: m.invalid_password_common };
    return refuse(event, 'reset', failure, {
      errors: fieldErrors(failure, words) as Errors,
      isOver,
    });
  },
};
