import { api } from '#lib/server/api.ts';
import { own } from '#lib/server/account.ts';
import type { PageServerLoad } from './$types.js';

/** An account's products come with the page; a guest's list is their browser's alone. */
export const load: PageServerLoad = async (event) => {
  event.depends('shop:wishlist');
  const { user } = await event.parent();
  if (!user) return { products: undefined };
  const { items } = await own(event, api(event).GET('/api/me/wishlist/products'));
  return { products: items };
};
