import type { Cart, Money, ShippingMethod } from '#lib/api/types.ts';

/** What a shipping method costs for this cart. */
export function shippingFee(
  cart: Pick<Cart, 'subtotal' | 'discount'>,
  method: ShippingMethod,
): Money {
  const goods = cart.subtotal.amount - cart.discount.amount;
  const isFree = method.free_from != null && goods >= method.free_from.amount;
  return isFree ? { ...method.fee, amount: 0 } : method.fee;
}

/** What the order will come to. The shop decides; this is what the buyer is shown and agrees to. */
export function orderTotal(cart: Pick<Cart, 'subtotal' | 'discount'>, fee: Money): Money {
  return {
    ...cart.subtotal,
    amount: cart.subtotal.amount - cart.discount.amount + fee.amount,
  };
}
