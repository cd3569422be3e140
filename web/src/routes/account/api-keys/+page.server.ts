import { error } from '@sveltejs/kit';
import { mayHaveKeys } from '#lib/account/pages.ts';
import { expiry, SCOPES } from '#lib/account/scopes.ts';
import { settle } from '#lib/api/problem.ts';
import { m } from '#lib/paraglide/messages.js';
import { own, refuse, signedIn } from '#lib/server/account.ts';
import { api } from '#lib/server/api.ts';
import { fieldErrors, textOf } from '#lib/server/form.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const user = await signedIn(event);
  // To customers the page does not exist.
  if (!mayHaveKeys(user)) error(404, { message: m.error_not_found(), code: 'NOT_FOUND' });
  const { items } = await own(event, api(event).GET('/api/me/api-keys'));
  return { keys: items };
};

type Errors = Partial<Record<'name' | 'scopes' | 'expires_at', string>>;

const LONGEST_NAME = 60;

export const actions: Actions = {
  create: async (event) => {
    const form = await event.request.formData();
    const name = textOf(form, 'name').trim();
    const days = textOf(form, 'days');
    const asked = new Set(form.getAll('scopes'));
    const scopes: string[] = SCOPES.map(([scope]) => scope).filter((scope) => asked.has(scope));
    const values = { name, days, scopes };

    const errors: Errors = {};
    if (!name) errors.name = m.invalid_required();
    if (name.length > LONGEST_NAME) errors.name = m.invalid_too_long();
    if (scopes.length === 0) errors.scopes = m.invalid_scopes();
    if (errors.name || errors.scopes) {
      return refuse(event, 'create', 'VALIDATION_FAILED', { values, errors });
    }

    const body = { name, scopes, expires_at: expiry(days, new Date()) };
    const made = await settle(api(event).POST('/api/me/api-keys', { body }));
    if (made.ok) return { at: 'create' as const, made: { name, key: made.data.key } };
    const words = {
      name: m.invalid_required,
      scopes: m.invalid_scopes_refused,
      expires_at: m.invalid_required,
    };
    return refuse(event, 'create', made.failure, {
      values,
      errors: fieldErrors(made.failure, words) as Errors,
    });
  },

  revoke: async (event) => {
    const id = textOf(await event.request.formData(), 'id');
    const revoked = await settle(
      api(event).DELETE('/api/me/api-keys/{id}', { params: { path: { id } } }),
    );
    // One that has been revoked meanwhile is just as dead.
    if (revoked.ok || revoked.failure.status === 404) return { at: 'revoke' as const };
    return refuse(event, 'revoke', revoked.failure, {});
  },
};
