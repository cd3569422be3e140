import type { SavedAddress } from '#lib/api/types.ts';

/** Puts the default one first, or another one that is asked for by its id. */
export function byDefault(
  addresses: readonly SavedAddress[],
  asked?: string | null,
): SavedAddress[] {
  const rank = ({ id, is_default }: SavedAddress) => (id === asked ? 2 : Number(is_default));
  return addresses.toSorted((a, b) => rank(b) - rank(a));
}
