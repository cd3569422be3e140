import type {
  Adjustment,
  Cart,
  CartCoupon,
  CouponReason,
  CouponRefusal,
  Money,
} from '#lib/api/types.ts';
import { formatDateTime } from '#lib/format/date.ts';
import { formatMoney } from '#lib/format/money.ts';
import { localized } from '#lib/i18n/text.ts';
import { m } from '#lib/paraglide/messages.js';

/** What the last attempt to change the coupon brought. */
export interface CouponAnswer {
  /** What stood in the field. */
  typed: string;
  /** Why it was refused. */
  message?: string;
  isRemoved?: boolean;
}

const MESSAGES: Record<CouponReason, () => string> = {
  unknown: m.coupon_unknown,
  not_yet_valid: m.coupon_not_yet_valid,
  expired: m.coupon_expired,
  used_up: m.coupon_used_up,
  already_used: m.coupon_already_used,
  nothing_covered: m.coupon_nothing_covered,
  minimum_not_reached: m.error_coupon_invalid,
};

/** Why a coupon cannot be used, as exactly as the API says it. */
export function couponMessage({ reason, minimum_spend, valid_from }: CouponRefusal): string {
  if (reason === 'minimum_not_reached' && minimum_spend) {
    return m.coupon_minimum({ amount: formatMoney(minimum_spend) });
  }
  if (reason === 'not_yet_valid' && valid_from) {
    return m.coupon_valid_from({ time: formatDateTime(valid_from) });
  }
  // A reason that this shop does not know yet has no message of its own.
  return MESSAGES[reason]?.() ?? m.error_coupon_invalid();
}

/** Whether a coupon waives the shipping fee. */
export function shipsFree(coupon: CartCoupon | null | undefined): boolean {
  return coupon?.applies === true && coupon.kind === 'free_shipping';
}

interface Note {
  tone: 'good' | 'warn' | 'bad';
  text: string;
}

/** What there is to say about the coupon in a cart. */
export function couponNote({
  coupon,
  subtotal,
}: Pick<Cart, 'coupon' | 'subtotal'>): Note | undefined {
  if (!coupon) return undefined;
  if (shipsFree(coupon)) return { tone: 'good', text: m.coupon_applied_shipping() };
  if (coupon.applies) {
    return { tone: 'good', text: m.coupon_applied({ amount: formatMoney(coupon.discount) }) };
  }
  const { minimum_spend } = coupon;
  const reason = coupon.reason ?? 'unknown';
  if (reason !== 'minimum_not_reached' || !minimum_spend) {
    return { tone: 'bad', text: couponMessage({ reason }) };
  }
  const missing = { ...minimum_spend, amount: minimum_spend.amount - coupon.covered.amount };
  const sums = { amount: formatMoney(minimum_spend), missing: formatMoney(missing) };
  // Where it is not for everything in the cart, only what it is for counts.
  const isScoped = coupon.covered.amount < subtotal.amount;
  return {
    tone: 'warn',
    text: isScoped ? m.coupon_missing_covered(sums) : m.coupon_missing(sums),
  };
}

interface Saving {
  /** What it is called. */
  label: string;
  amount: Money;
}

function labelOf({ name, code }: Adjustment): string {
  if (name) return localized(name);
  return code === null ? m.summary_discount() : m.summary_coupon({ code });
}

/** What is taken off the goods, by what takes it off, in the order of evaluation. */
export function savings(discount: Money, adjustments: readonly Adjustment[]): Saving[] {
  const saved = adjustments
    .filter(({ target }) => target === 'lines')
    .map((adjustment) => ({ label: labelOf(adjustment), amount: adjustment.amount }));
  // Orders from before the shop kept what took it off know only the sum.
  const explained = saved.reduce((sum, { amount }) => sum + amount.amount, 0);
  const rest = { ...discount, amount: discount.amount - explained };
  return rest.amount === 0 ? saved : [...saved, { label: m.summary_discount(), amount: rest }];
}

/** The code of the coupon that waives the shipping fee, if one does. */
export function shippingCode(
  coupon: CartCoupon | null | undefined,
  adjustments: readonly Adjustment[],
): string | undefined {
  if (shipsFree(coupon)) return coupon?.code;
  return adjustments.find(({ target }) => target === 'shipping')?.code ?? undefined;
}
