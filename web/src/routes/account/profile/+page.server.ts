import { settle } from '#lib/api/problem.ts';
import { isPhone, normalizePhone } from '#lib/form/check.ts';
import { m } from '#lib/paraglide/messages.js';
import { refuse, resendMail } from '#lib/server/account.ts';
import { api } from '#lib/server/api.ts';
import { fieldErrors, textOf } from '#lib/server/form.ts';
import type { Actions } from './$types.js';

type Errors = Partial<Record<'name' | 'phone', string>>;

const LONGEST_NAME = 50;

export const actions: Actions = {
  save: async (event) => {
    const form = await event.request.formData();
    const values = { name: textOf(form, 'name').trim(), phone: textOf(form, 'phone').trim() };

    const errors: Errors = {};
    if (!values.name) errors.name = m.invalid_required();
    if (values.name.length > LONGEST_NAME) errors.name = m.invalid_too_long();
    if (values.phone && !isPhone(values.phone)) errors.phone = m.invalid_phone();
    if (errors.name || errors.phone) {
      return refuse(event, 'save', 'VALIDATION_FAILED', { values, errors });
    }

    const phone = values.phone ? normalizePhone(values.phone) : null;
    const body = { name: values.name, phone };
    const saved = await settle(api(event).PATCH('/api/me', { body }));
    if (saved.ok) return { at: 'save' as const, values: { ...values, phone: phone ?? '' } };
    const words = { name: m.invalid_required, phone: m.invalid_phone };
    return refuse(event, 'save', saved.failure, {
      values,
      errors: fieldErrors(saved.failure, words) as Errors,
    });
  },

  resend: resendMail,
};
