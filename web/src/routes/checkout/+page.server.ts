import { fail, redirect } from '@sveltejs/kit';
import { isFinal, randomKey } from '#lib/checkout/idempotency.ts';
import {
  checkValues,
  emptyValues,
  FIELDS,
  fromPointers,
  toRequest,
  type Values,
} from '#lib/checkout/fields.ts';
import { settle } from '#lib/api/problem.ts';
import { isShort } from '#lib/cart/quantity.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api, need, raise } from '#lib/server/api.ts';
import { refusal } from '#lib/server/form.ts';
import { rememberLanguage, rememberOrderToken } from '#lib/server/order-access.ts';
import { taiwan } from '#lib/server/taiwan.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const client = api(event);
  const [cart, shipping, payment] = await Promise.all([
    need(client.GET('/api/cart')),
    need(client.GET('/api/shipping-methods')),
    need(client.GET('/api/payment-methods')),
  ]);
  return {
    cart,
    shippingMethods: shipping.items,
    paymentMethods: payment.items.filter(({ enabled }) => enabled),
    cities: taiwan(event.locals.locale),
    /** For browsers without scripts; the others bring a key of their own. */
    key: randomKey(),
  };
};

const KEY = /^[\w-]{16,64}$/;

export const actions: Actions = {
  place: async (event) => {
    const form = await event.request.formData();
    const text = (name: string) => {
      const value = form.get(name);
      return typeof value === 'string' ? value : '';
    };
    const values: Values = emptyValues();
    for (const field of FIELDS) values[field] = text(field);

    const cities = taiwan(event.locals.locale);
    const checked = checkValues(values, cities);
    if (!checked.ok) {
      const refused = refusal('VALIDATION_FAILED');
      return fail(422, { ...refused, values, errors: checked.errors, isFinal: false });
    }

    const key = KEY.test(text('key')) ? text('key') : randomKey();
    const seen = Number(text('seen_total'));
    const agreed = text('seen_method') === checked.values.shipping_method && Number.isInteger(seen);
    const result = await settle(
      api(event).POST('/api/checkout', {
        params: { header: { 'Idempotency-Key': key } },
        body: toRequest(checked.values, cities, agreed ? { amount: seen, currency: 'TWD' } : null),
      }),
    );
    if (!result.ok) {
      const { failure } = result;
      return fail(failure.status, {
        ...refusal(failure),
        values,
        errors: fromPointers(failure.errors),
        isFinal: isFinal(failure.code),
      });
    }

    const placed = result.data;
    // A place in the queue is the answer to `Prefer: respond-async` alone, which we do not send.
    if (!('number' in placed)) throw new Error('a place in the queue instead of an order');
    const { id, access_token } = placed;
    if (access_token) rememberOrderToken(event, id, access_token);
    rememberLanguage(event, event.locals.locale);
    redirect(303, localizeHref(`/orders/${id}/pay`));
  },

  /** Sets every line that asks for too much to what is left, and shows the cart. */
  fix: async (event) => {
    const client = api(event);
    const cart = await settle(client.GET('/api/cart'));
    if (!cart.ok) raise(cart.failure);
    for (const { id, available } of cart.data.items.filter(isShort)) {
      await settle(
        client.PATCH('/api/cart/items/{id}', {
          params: { path: { id } },
          body: { quantity: available },
        }),
      );
    }
    redirect(303, localizeHref('/cart'));
  },
};
