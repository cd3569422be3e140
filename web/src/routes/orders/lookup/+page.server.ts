import { fail, redirect } from '@sveltejs/kit';
import { settle, type Refusal } from '#lib/api/problem.ts';
import { readGiven } from '#lib/orders/lookup.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api } from '#lib/server/api.ts';
import { fieldErrors, refusal, textOf } from '#lib/server/form.ts';
import { rememberOrderToken } from '#lib/server/order-access.ts';
import type { Actions } from './$types.js';

const WORDS = {
  number: m.invalid_order_number,
  email: m.invalid_lookup_contact,
  phone: m.invalid_lookup_contact,
};

type Errors = Partial<Record<'number' | 'contact', string>>;

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const number = textOf(form, 'number').trim();
    const contact = textOf(form, 'contact').trim();
    const given = readGiven(contact);
    const again = (status: number, refused: Refusal, errors: Errors = {}) =>
      fail(status, { number, contact, refusal: refused, errors });

    if (!number || !given) {
      const errors: Errors = {
        ...(!number && { number: m.invalid_order_number() }),
        ...(!given && { contact: m.invalid_lookup_contact() }),
      };
      return again(422, refusal('VALIDATION_FAILED'), errors);
    }
    const body = { number, ...given };
    const found = await settle(api(event).POST('/api/orders/lookup', { body }));
    if (found.ok) {
      const { id, access_token } = found.data;
      rememberOrderToken(event, id, access_token);
      redirect(303, localizeHref(`/orders/${id}`));
    }
    const { failure } = found;
    const refused = refusal(failure);
    // Which of the two is wrong is told to nobody.
    if (failure.code === 'ORDER_NOT_FOUND') refused.message = m.lookup_not_found();
    const { number: wrong, email, phone } = fieldErrors(failure, WORDS);
    const about = email ?? phone;
    return again(failure.status, refused, {
      ...(wrong && { number: wrong }),
      ...(about && { contact: about }),
    });
  },
};
