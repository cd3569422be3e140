import type { Cart, Money, ShippingMethod } from '#lib/api/types.ts';
import { shipsFree } from '#lib/cart/coupon.ts';

/** What a shipping method costs for this cart: its threshold looks at the goods before the coupon. */
export function shippingFee(
  cart: Pick<Cart, 'subtotal' | 'coupon'>,
  method: ShippingMethod,
): Money {
  const isReached = method.free_from != null && cart.subtotal.amount >= method.free_from.amount;
  return shipsFree(cart.coupon) || isReached ? { ...method.fee, amount: 0 } : method.fee;
}

/** The 5 % tax that a total includes; rounded to whole dollars as the shop does. */
export function vatIncluded(total: Money): Money {
  return { ...total, amount: total.amount - Math.floor((total.amount * 20 + 10) / 21) };
}

/** What the order will come to. The shop decides; this is what the buyer is shown and agrees to. */
export function orderTotal(cart: Pick<Cart, 'subtotal' | 'discount'>, fee: Money): Money {
  return {
    ...cart.subtotal,
    amount: cart.subtotal.amount - cart.discount.amount + fee.amount,
  };
}
