import { m } from '#lib/paraglide/messages.js';

const BADGES: Record<string, () => string> = {
  sale: m.badge_sale,
  new: m.badge_new,
  flash: m.badge_flash,
  limited: m.badge_limited,
  bestseller: m.badge_bestseller,
  made_in_taiwan: m.badge_made_in_taiwan,
};

/** The words for a badge; nothing for one that this shop does not know. */
export function badgeLabel(badge: string): string | undefined {
  return BADGES[badge]?.();
}
