import { api, want } from '#lib/server/api.ts';
import { hasSession, isSignedIn } from '#lib/server/session.ts';
import type { LayoutServerLoad } from './$types.js';

/** What every page shows around itself. A shop that cannot say it still shows its pages. */
export const load: LayoutServerLoad = async (event) => {
  const client = api(event);
  const [categories, cart, user] = await Promise.all([
    want(client.GET('/api/categories'), { items: [] }),
    hasSession(event) ? want(client.GET('/api/cart'), undefined) : undefined,
    isSignedIn(event) ? want(client.GET('/api/me'), undefined) : undefined,
  ]);
  return { categories: categories.items, cartCount: cart?.item_count ?? 0, user: user ?? null };
};
