import { fail } from '@sveltejs/kit';
import { settle } from '#lib/api/problem.ts';
import { readQuantity } from '#lib/cart/quantity.ts';
import { api, need } from '#lib/server/api.ts';
import { applyCoupon, couponAnswer, removeCoupon } from '#lib/server/coupon.ts';
import { refusal, textOf } from '#lib/server/form.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  event.depends('shop:cart');
  return { cart: await need(api(event).GET('/api/cart')) };
};

async function setQuantity(event: Parameters<Actions[string]>[0], quantity: number, id: string) {
  const result = await settle(
    api(event).PATCH('/api/cart/items/{id}', { params: { path: { id } }, body: { quantity } }),
  );
  if (!result.ok) {
    return fail(result.failure.status, { item: id, refusal: refusal(result.failure) });
  }
}

export const actions: Actions = {
  update: async (event) => {
    const form = await event.request.formData();
    const id = String(form.get('id') ?? '');
    const quantity = readQuantity(form.get('quantity'), 0);
    if (quantity === undefined) {
      return fail(422, { item: id, refusal: refusal('VALIDATION_FAILED') });
    }
    return setQuantity(event, quantity, id);
  },
  remove: async (event) => {
    const form = await event.request.formData();
    const refused = await setQuantity(event, 0, textOf(form, 'id'));
    if (refused) return refused;
    // What it takes to put it back.
    const variant_id = textOf(form, 'variant_id');
    const quantity = readQuantity(form.get('quantity'));
    if (!variant_id || quantity === undefined) return {};
    return { removed: { variant_id, quantity, name: textOf(form, 'name') } };
  },
  restore: async (event) => {
    const form = await event.request.formData();
    const variant_id = textOf(form, 'variant_id');
    const quantity = readQuantity(form.get('quantity'));
    if (!variant_id || quantity === undefined) {
      return fail(422, { restoring: refusal('VALIDATION_FAILED') });
    }
    const result = await settle(
      api(event).POST('/api/cart/items', { body: { variant_id, quantity } }),
    );
    if (!result.ok) return fail(result.failure.status, { restoring: refusal(result.failure) });
  },
  applyCoupon: async (event) =>
    couponAnswer(await applyCoupon(event, await event.request.formData()), {}),
  removeCoupon: async (event) =>
    couponAnswer(await removeCoupon(event, await event.request.formData()), {}),
};
