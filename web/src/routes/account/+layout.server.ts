import { signedIn } from '#lib/server/account.ts';
import type { LayoutServerLoad } from './$types.js';

export const load: LayoutServerLoad = async (event) => ({ user: await signedIn(event) });
