import { fail } from '@sveltejs/kit';
import { settle } from '#lib/api/problem.ts';
import { api } from '#lib/server/api.ts';
import { refusal } from '#lib/server/form.ts';
import type { Actions } from './$types.js';

/** Programs that look through mails follow its links: nothing happens before a button is pressed. */
export const actions: Actions = {
  default: async (event) => {
    const path = { id: event.params.token };
    const stopped = await settle(
      api(event).DELETE('/api/stock-notices/{id}', { params: { path } }),
    );
    if (stopped.ok) return { isStopped: true };
    return fail(stopped.failure.status, { refusal: refusal(stopped.failure) });
  },
};
