import { resendMail } from '#lib/server/account.ts';
import type { Actions } from './$types.js';

export const actions: Actions = { resend: resendMail };
