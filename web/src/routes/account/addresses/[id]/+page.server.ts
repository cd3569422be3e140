import { error } from '@sveltejs/kit';
import { settle } from '#lib/api/problem.ts';
import { m } from '#lib/paraglide/messages.js';
import { loadAddresses, saveAddress } from '#lib/server/addresses.ts';
import { api } from '#lib/server/api.ts';
import { taiwan } from '#lib/server/taiwan.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const addresses = await loadAddresses(event);
  const address = addresses.find(({ id }) => id === event.params.id);
  if (!address) error(404, { message: m.error_not_found(), code: 'NOT_FOUND' });
  return { address, cities: taiwan(event.locals.locale) };
};

export const actions: Actions = {
  default: (event) =>
    saveAddress(event, (body) =>
      settle(
        api(event).PUT('/api/me/addresses/{id}', {
          params: { path: { id: event.params.id } },
          body,
        }),
      ),
    ),
};
