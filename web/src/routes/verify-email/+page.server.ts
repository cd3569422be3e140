import { settle } from '#lib/api/problem.ts';
import { refuse, resendMail } from '#lib/server/account.ts';
import { api } from '#lib/server/api.ts';
import { forgetToken, mailToken } from '#lib/server/mail-token.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = (event) => ({ hasToken: mailToken(event, 'verify') !== '' });

export const actions: Actions = {
  confirm: async (event) => {
    const token = mailToken(event, 'verify');
    const verified = await settle(api(event).POST('/api/auth/email/verify', { body: { token } }));
    if (verified.ok) {
      forgetToken(event, 'verify');
      return { at: 'confirm' as const, email: verified.data.email };
    }
    const { failure } = verified;
    if (failure.status < 500 && failure.status !== 429) {
      forgetToken(event, 'verify');
      return refuse(event, 'confirm', { ...failure, code: 'TOKEN_INVALID' }, { isOver: true });
    }
    return refuse(event, 'confirm', failure, { isOver: false });
  },

  resend: resendMail,
};
