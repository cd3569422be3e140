import { redirect } from '@sveltejs/kit';
import { withNotice } from '#lib/account/notices.ts';
import { settle } from '#lib/api/problem.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { own, refuse } from '#lib/server/account.ts';
import { loadAddresses } from '#lib/server/addresses.ts';
import { api } from '#lib/server/api.ts';
import { textOf } from '#lib/server/form.ts';
import { taiwan } from '#lib/server/taiwan.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => ({
  addresses: await loadAddresses(event),
  cities: taiwan(event.locals.locale),
});

export const actions: Actions = {
  remove: async (event) => {
    const id = textOf(await event.request.formData(), 'id');
    const removed = await settle(
      api(event).DELETE('/api/me/addresses/{id}', { params: { path: { id } } }),
    );
    // One that another tab has removed already is just as gone.
    if (removed.ok || removed.failure.status === 404) return { at: 'remove' as const };
    return refuse(event, 'remove', removed.failure, {});
  },

  prefer: async (event) => {
    const id = textOf(await event.request.formData(), 'id');
    const client = api(event);
    const { items } = await own(event, client.GET('/api/me/addresses'));
    const address = items.find((candidate) => candidate.id === id);
    if (!address) return refuse(event, 'prefer', 'NOT_FOUND', {});
    const { id: _, ...body } = address;
    const saved = await settle(
      client.PUT('/api/me/addresses/{id}', {
        params: { path: { id } },
        body: { ...body, is_default: true },
      }),
    );
    if (!saved.ok) return refuse(event, 'prefer', saved.failure, {});
    redirect(303, localizeHref(withNotice('/account/addresses', 'address_saved')));
  },
};
