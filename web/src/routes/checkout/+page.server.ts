import { fail, redirect, type RequestEvent } from '@sveltejs/kit';
import { isFinal, randomKey } from '#lib/checkout/idempotency.ts';
import {
  checkValues,
  emptyValues,
  FIELDS,
  fromPointers,
  toRequest,
  type Values,
} from '#lib/checkout/fields.ts';
import { byDefault } from '#lib/address/book.ts';
import { settle } from '#lib/api/problem.ts';
import { couponNote, type CouponAnswer } from '#lib/cart/coupon.ts';
import { isShort } from '#lib/cart/quantity.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api, need, raise, want } from '#lib/server/api.ts';
import { applyCoupon, couponAnswer, removeCoupon, typedCoupon } from '#lib/server/coupon.ts';
import { refusal, textOf } from '#lib/server/form.ts';
import { rememberLanguage, rememberOrderToken } from '#lib/server/order-access.ts';
import { isSignedIn } from '#lib/server/session.ts';
import { taiwan } from '#lib/server/taiwan.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const client = api(event);
  const asked = event.url.searchParams.get('address');
  const [cart, shipping, payment, kept] = await Promise.all([
    need(client.GET('/api/cart')),
    need(client.GET('/api/shipping-methods')),
    need(client.GET('/api/payment-methods')),
    // Nobody is kept from buying because the address book is out of reach.
    isSignedIn(event) ? want(client.GET('/api/me/addresses'), { items: [] }) : { items: [] },
  ]);
  return {
    cart,
    addresses: byDefault(kept.items, asked),
    isOther: asked === '',
    shippingMethods: shipping.items,
    paymentMethods: payment.items.filter(({ enabled }) => enabled),
    cities: taiwan(event.locals.locale),
    /** For browsers without scripts; the others bring a key of their own. */
    key: randomKey(),
  };
};

const KEY = /^[\w-]{16,64}$/;
/** The answer to a challenge, where the shop asks for work. */
const PROOF = /^[\w-]{1,200}:\d{1,20}$/;

function readValues(form: FormData): Values {
  const values = emptyValues();
  for (const field of FIELDS) values[field] = textOf(form, field);
  return values;
}

/** Applies a code that was typed and sent off with the order: nobody has seen what it saves. */
async function applyFirst(event: RequestEvent, form: FormData) {
  const { status, coupon, cart } = await applyCoupon(event, form);
  const isUseful = cart?.coupon?.applies === true;
  const why = coupon.message ?? (cart && couponNote(cart)?.text) ?? '';
  return fail(status === 200 ? 409 : status, {
    ...refusal(isUseful ? 'PRICE_CHANGED' : 'COUPON_INVALID'),
    message: isUseful ? m.checkout_coupon_check() : why,
    values: readValues(form),
    errors: {},
    coupon,
    isFinal: false,
  });
}

export const actions: Actions = {
  place: async (event) => {
    const form = await event.request.formData();
    const text = (name: string) => textOf(form, name);
    const values = readValues(form);
    const coupon: CouponAnswer = { typed: typedCoupon(form) };

    const cities = taiwan(event.locals.locale);
    const checked = checkValues(values, cities);
    if (!checked.ok) {
      const refused = refusal('VALIDATION_FAILED');
      return fail(422, { ...refused, values, errors: checked.errors, coupon, isFinal: false });
    }

    const inUse = text('seen_coupon') || null;
    if (coupon.typed && !inUse) return applyFirst(event, form);

    const key = KEY.test(text('key')) ? text('key') : randomKey();
    const seen = Number(text('seen_total'));
    const agreed = text('seen_method') === checked.values.shipping_method && Number.isInteger(seen);
    const result = await settle(
      api(event).POST('/api/checkout', {
        params: { header: { 'Idempotency-Key': key } },
        headers: PROOF.test(text('proof')) ? { 'X-Oxcart-Proof': text('proof') } : {},
        body: toRequest(checked.values, cities, {
          coupon: inUse,
          total: agreed ? { amount: seen, currency: 'TWD' } : null,
        }),
      }),
    );
    if (!result.ok) {
      const { failure } = result;
      const refused = refusal(failure);
      if (failure.coupon) coupon.message = refused.message;
      const errors = fromPointers(failure.errors);
      if (errors.payment_method) errors.payment_method = m.method_unfit();
      return fail(failure.status, {
        ...refused,
        values,
        errors,
        coupon,
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

  applyCoupon: async (event) => {
    const form = await event.request.formData();
    return couponAnswer(await applyCoupon(event, form), { values: readValues(form) });
  },
  removeCoupon: async (event) => {
    const form = await event.request.formData();
    return couponAnswer(await removeCoupon(event, form), { values: readValues(form) });
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
