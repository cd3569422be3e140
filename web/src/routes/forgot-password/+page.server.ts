import { settle } from '#lib/api/problem.ts';
import { isEmail } from '#lib/form/check.ts';
import { m } from '#lib/paraglide/messages.js';
import { refuse } from '#lib/server/account.ts';
import { api } from '#lib/server/api.ts';
import { textOf } from '#lib/server/form.ts';
import { rememberLanguage } from '#lib/server/order-access.ts';
import type { Actions } from './$types.js';

type Errors = Partial<Record<'email', string>>;

export const actions: Actions = {
  default: async (event) => {
    const email = textOf(await event.request.formData(), 'email').trim();
    if (!isEmail(email)) {
      const errors: Errors = { email: m.invalid_email() };
      return refuse(event, 'forgot', 'VALIDATION_FAILED', { email, errors });
    }
    rememberLanguage(event, event.locals.locale);
    const asked = await settle(api(event).POST('/api/auth/password/forgot', { body: { email } }));
    if (asked.ok) return { at: 'sent' as const, email };
    const errors: Errors = asked.failure.status === 422 ? { email: m.invalid_email() } : {};
    return refuse(event, 'forgot', asked.failure, { email, errors });
  },
};
