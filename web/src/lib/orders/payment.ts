import type { Money, Order, OrderPayment, PaymentMethod } from '#lib/api/types.ts';
import { formatSpan } from '#lib/format/date.ts';
import { formatMoney } from '#lib/format/money.ts';
import { m } from '#lib/paraglide/messages.js';
import { isPayable } from './status.ts';

/** Ways of paying that give a code first, to be paid hours or days later. */
const BY_CODE: ReadonlySet<string> = new Set(['ecpay_atm', 'ecpay_cvs', 'ecpay_barcode']);
/** Ways of paying by which the money also goes back. */
const BY_CARD: ReadonlySet<string> = new Set([
  'ecpay_credit',
  'ecpay_instalments',
  'ecpay_apple_pay',
]);
const AT_THE_DOOR = 'cash_on_delivery';

export function givesCode(method: string): boolean {
  return BY_CODE.has(method);
}

/** Whether money that was paid like this has to be transferred back to a bank account. */
export function refundsByTransfer(method: string): boolean {
  return !BY_CARD.has(method);
}

/** The amount that keeps a method from paying this total; nothing when it can. */
export function unfit(
  { min_amount, max_amount }: Pick<PaymentMethod, 'min_amount' | 'max_amount'>,
  total: Money,
): { least: Money } | { most: Money } | undefined {
  if (total.amount < min_amount.amount) return { least: min_amount };
  if (max_amount && total.amount > max_amount.amount) return { most: max_amount };
  return undefined;
}

/** What keeps a method from paying this total, in words. */
export function unfitText(method: PaymentMethod, total: Money): string | undefined {
  const limit = unfit(method, total);
  if (!limit) return undefined;
  return 'least' in limit
    ? m.method_too_little({ amount: formatMoney(limit.least) })
    : m.method_too_much({ amount: formatMoney(limit.most) });
}

/** Which amounts a method takes, where that is worth saying. */
function limits({ min_amount, max_amount }: PaymentMethod): string | undefined {
  // Nobody asks whether a dollar is enough.
  const least = min_amount.amount > 1 ? formatMoney(min_amount) : undefined;
  const most = max_amount ? formatMoney(max_amount) : undefined;
  if (least && most) return m.method_between({ least, most });
  if (most) return m.method_up_to({ most });
  return least && m.method_from({ least });
}

function time({ code, pay_within_minutes }: PaymentMethod): string | undefined {
  if (code === AT_THE_DOOR) return undefined;
  return m.method_time({ time: formatSpan(pay_within_minutes) });
}

/** What to know before choosing a method: until when it is paid, which amounts, how many instalments. */
export function methodTerms(method: PaymentMethod): string {
  const plans =
    method.instalments.length > 0
      ? m.method_instalments({ numbers: method.instalments.join(m.list_comma()) })
      : undefined;
  return [time(method), limits(method), plans].filter(Boolean).join(m.terms_comma());
}

/** The method to begin with: the one that was asked for, as long as it can pay the total. */
export function firstChoice(
  methods: readonly PaymentMethod[],
  total: Money,
  wanted?: string,
): string {
  const fitting = methods.filter((method) => !unfit(method, total));
  return (fitting.find(({ code }) => code === wanted) ?? fitting[0])?.code ?? '';
}

/**
 * The attempts that can still be paid with what the buyer was told, a code or an account: the newest
 * first.
 */
export function openInstructions(
  order: Pick<Order, 'status' | 'payments'>,
): readonly OrderPayment[] {
  if (!isPayable(order)) return [];
  return order.payments
    .filter(({ status, code, transfer }) => status === 'pending' && (code ?? transfer) !== null)
    .toReversed();
}

/** Whether the last attempt is one that gets a code, and has none yet. */
export function awaitsCode(order: Pick<Order, 'status' | 'payments'>): boolean {
  const last = order.payments.at(-1);
  return (
    isPayable(order) && last?.status === 'pending' && givesCode(last.method) && last.code === null
  );
}

/** Until when what the buyer was told can be paid. */
export function payBy({ code, pay_until }: Pick<OrderPayment, 'code' | 'pay_until'>) {
  return code?.expires_at ?? pay_until;
}

/** A number in groups of four, as people read it out. */
export function grouped(digits: string): string {
  return digits.replace(/.{4}(?=.)/g, '$& ');
}

/** What of a transfer is outstanding. */
export function outstanding({
  amount,
  received,
}: Pick<OrderPayment, 'amount' | 'received'>): Money {
  return { ...amount, amount: Math.max(0, amount.amount - received.amount) };
}

/** A method as the shop calls it now; its code, when the shop does not offer it any more. */
export function methodNames(
  methods: readonly Pick<PaymentMethod, 'code' | 'name'>[],
): ReadonlyMap<string, PaymentMethod['name']> {
  return new Map(methods.map(({ code, name }) => [code, name]));
}
