import { m } from '#lib/paraglide/messages.js';

const SHORTEST = 10;
const LONGEST = 128;

/** Why this cannot be a new password, as far as can be said here; the API knows which are leaked. */
export function passwordError(password: string): string | undefined {
  const length = [...password].length;
  if (length < SHORTEST) return m.invalid_password();
  return length > LONGEST ? m.invalid_too_long() : undefined;
}
