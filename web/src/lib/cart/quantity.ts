import type { Cart, CartItem } from '#lib/api/types.ts';

/** The most one line may hold, whatever the stock. */
export const MAX_PER_LINE = 99;

/** Reads a quantity from a form; nothing when it is none. */
export function readQuantity(value: FormDataEntryValue | null, least = 1): number | undefined {
  const quantity = Number(value);
  return Number.isInteger(quantity) && quantity >= least && quantity <= MAX_PER_LINE
    ? quantity
    : undefined;
}

/** Whether a line asks for more than there is. */
export function isShort(item: Pick<CartItem, 'quantity' | 'available'>): boolean {
  return item.quantity > item.available;
}

export function hasShortage(cart: Pick<Cart, 'items'>): boolean {
  return cart.items.some(isShort);
}
