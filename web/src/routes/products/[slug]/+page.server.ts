import { fail, redirect } from '@sveltejs/kit';
import { readQuantity } from '#lib/cart/quantity.ts';
import { settle } from '#lib/api/problem.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api, need } from '#lib/server/api.ts';
import { newSlug } from '#lib/server/moved.ts';
import { isEnhanced, refusal } from '#lib/server/form.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const client = api(event);
  const { slug } = event.params;
  const asked = client.GET('/api/products/{id}', { params: { path: { id: slug } } });
  const moved = await newSlug(asked);
  if (moved) redirect(301, localizeHref(`/products/${moved}${event.url.search}`));
  const product = await need(asked);
  return { product, related: product.related.slice(0, 4) };
};

export const actions: Actions = {
  add: async (event) => {
    const form = await event.request.formData();
    const quantity = readQuantity(form.get('quantity'));
    const variant_id = String(form.get('variant_id') ?? '');
    if (!quantity || !variant_id) return fail(422, refusal('VALIDATION_FAILED'));

    const result = await settle(
      api(event).POST('/api/cart/items', { body: { variant_id, quantity } }),
    );
    if (!result.ok) return fail(result.failure.status, refusal(result.failure));
    if (!isEnhanced(event)) redirect(303, localizeHref('/cart'));
    return { added: quantity };
  },
};
