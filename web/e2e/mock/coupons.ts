/** The mock's coupons: one for everything that can be said about one. */
import type { Adjustment, CartCoupon, CouponReason, Money } from '../../src/lib/api/types.ts';
import { twd } from './catalog.ts';

interface Coupon {
  kind: NonNullable<CartCoupon['kind']>;
  /** Per cent, or dollars. */
  value: number;
  minimum?: number;
  /** Why nobody can use it. */
  reason?: CouponReason;
  /** Whether every guest turns out to have used it, once there is an e-mail. */
  isUsedByGuests?: boolean;
}

const COUPONS: Record<string, Coupon> = {
  WELCOME10: { kind: 'percentage', value: 10, minimum: 500 },
  MINUS100: { kind: 'amount', value: 100 },
  FREESHIP: { kind: 'free_shipping', value: 0, minimum: 300 },
  ONCE50: { kind: 'amount', value: 50, isUsedByGuests: true },
  SOON: { kind: 'amount', value: 50, reason: 'not_yet_valid' },
  OLD: { kind: 'amount', value: 50, reason: 'expired' },
  GONE: { kind: 'amount', value: 50, reason: 'used_up' },
  MINE: { kind: 'amount', value: 50, reason: 'already_used' },
};

function discountOf({ kind, value }: Coupon, subtotal: number): number {
  if (kind === 'free_shipping') return 0;
  return kind === 'percentage' ? Math.floor((subtotal * value) / 100) : Math.min(value, subtotal);
}

/** What a code does for lines of this sum, or why it does nothing. */
export function look(typed: string, subtotal: number): CartCoupon {
  const code = typed.trim().toUpperCase();
  const found = COUPONS[code];
  const minimum = found?.minimum ?? 0;
  const tooSmall: CouponReason | null = subtotal < minimum ? 'minimum_not_reached' : null;
  const reason = found ? (found.reason ?? tooSmall) : 'unknown';
  return {
    code,
    applies: reason === null,
    reason,
    kind: found?.kind ?? null,
    discount: twd(found && reason === null ? discountOf(found, subtotal) : 0),
    covered: twd(found ? subtotal : 0),
    minimum_spend: minimum > 0 ? twd(minimum) : null,
  };
}

/** What a coupon takes off these goods, each line with its share. */
export function adjustmentsOf(coupon: CartCoupon | null, lines: readonly Money[]): Adjustment[] {
  const off = coupon?.discount.amount ?? 0;
  const subtotal = lines.reduce((sum, { amount }) => sum + amount, 0);
  if (!coupon || off === 0 || subtotal === 0) return [];
  const upTo = (sum: number) => Math.floor((off * sum) / subtotal);
  let sum = 0;
  const shares = lines.map(({ amount }, line) => {
    sum += amount;
    return { line_no: line + 1, amount: twd(upTo(sum) - upTo(sum - amount)) };
  });
  const { code } = coupon;
  return [{ kind: 'coupon', target: 'lines', code, name: null, amount: twd(off), shares }];
}

/** What an order with this coupon is refused with. */
export function refusalOf(
  coupon: CartCoupon,
  isGuest: boolean,
): { reason: CouponReason; minimum_spend?: Money } | undefined {
  const isUsed = isGuest && COUPONS[coupon.code]?.isUsedByGuests === true;
  const reason = coupon.reason ?? (isUsed ? 'already_used' : undefined);
  if (!reason) return undefined;
  const least = reason === 'minimum_not_reached' ? coupon.minimum_spend : null;
  return least ? { reason, minimum_spend: least } : { reason };
}
