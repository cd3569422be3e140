import { fail } from '@sveltejs/kit';
import { settle } from '#lib/api/problem.ts';
import { readQuantity } from '#lib/cart/quantity.ts';
import { api, need } from '#lib/server/api.ts';
import { applyCoupon, couponAnswer, removeCoupon } from '#lib/server/coupon.ts';
import { refusal } from '#lib/server/form.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => ({
  cart: await need(api(event).GET('/api/cart')),
});

async function setQuantity(event: Parameters<Actions[string]>[0], quantity: number, id: string) {
  const result = await settle(
    api(event).PATCH('/api/cart/items/{id}', { params: { path: { id } }, body: { quantity } }),
  );
  if (!result.ok) return fail(result.failure.status, { ...refusal(result.failure), item: id });
}

export const actions: Actions = {
  update: async (event) => {
    const form = await event.request.formData();
    const id = String(form.get('id') ?? '');
    const quantity = readQuantity(form.get('quantity'), 0);
    if (quantity === undefined) {
      return fail(422, { ...refusal('VALIDATION_FAILED'), item: id });
    }
    return setQuantity(event, quantity, id);
  },
  remove: async (event) => {
    const form = await event.request.formData();
    return setQuantity(event, 0, String(form.get('id') ?? ''));
  },
  applyCoupon: async (event) =>
    couponAnswer(await applyCoupon(event, await event.request.formData()), {}),
  removeCoupon: async (event) =>
    couponAnswer(await removeCoupon(event, await event.request.formData()), {}),
};
