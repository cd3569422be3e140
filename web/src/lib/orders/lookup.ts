import { isEmail, isPhone, normalizePhone } from '#lib/form/check.ts';

/** What opens a guest's order, as it is written in one field. */
export type Given = { email: string } | { phone: string };

/** An e-mail address or a telephone number; nothing, when it is neither. */
export function readGiven(text: string): Given | undefined {
  const given = text.trim();
  if (given.includes('@')) return isEmail(given) ? { email: given } : undefined;
  return isPhone(given) ? { phone: normalizePhone(given) } : undefined;
}
