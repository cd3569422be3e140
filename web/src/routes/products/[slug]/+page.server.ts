import { fail, redirect } from '@sveltejs/kit';
import { readQuantity } from '#lib/cart/quantity.ts';
import { settle, type Refusal } from '#lib/api/problem.ts';
import { isEmail } from '#lib/form/check.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api, need } from '#lib/server/api.ts';
import { newSlug } from '#lib/server/moved.ts';
import { fieldErrors, isEnhanced, refusal, textOf } from '#lib/server/form.ts';
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

  notify: async (event) => {
    const form = await event.request.formData();
    const [variant_id, email] = [textOf(form, 'variant_id'), textOf(form, 'email').trim()];
    const again = (status: number, refused: Refusal, error: string | null) =>
      fail(status, { notice: { variant_id, email, refusal: refused, error } });

    if (!isEmail(email)) return again(422, refusal('VALIDATION_FAILED'), m.invalid_email());
    const asked = await settle(
      api(event).POST('/api/products/{id}/stock-notices', {
        params: { path: { id: event.params.slug } },
        body: { variant_id, email },
      }),
    );
    if (asked.ok) return { notice: { variant_id, email, refusal: null, error: null } };
    const { failure } = asked;
    const words = { email: m.notify_email_refused, variant_id: m.notify_available };
    const about = fieldErrors(failure, words);
    const refused = refusal(failure);
    if (about.variant_id) refused.message = about.variant_id;
    return again(failure.status, refused, about.email ?? null);
  },
};
