/** Any money; the shop's own is TWD. */
interface Amount {
  amount: number;
  currency: string;
}

/** TWD has two digits by ISO 4217, but is priced, shown and charged in whole dollars. */
const DIGITS: Record<string, number> = { TWD: 0, JPY: 0, KRW: 0 };

/** `NT$ 1,280`: the same in both languages, as shops in Taiwan write it. */
export function formatMoney({ amount, currency }: Amount): string {
  const digits = DIGITS[currency] ?? 2;
  const sign = amount < 0 ? '−' : '';
  const absolute = Math.abs(amount);
  const [whole = '', rest] = (absolute / 10 ** digits).toFixed(digits).split('.');
  // By hand: the first number that `Intl` formats costs a telephone a tenth of a second.
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  const text = rest === undefined ? grouped : `${grouped}.${rest}`;
  return `${sign}${currency === 'TWD' ? 'NT$' : currency} ${text}`;
}

/** For machines: `1280`, `19.99`. */
export function decimalAmount({ amount, currency }: Amount): string {
  const digits = DIGITS[currency] ?? 2;
  return (amount / 10 ** digits).toFixed(digits);
}

/** How much cheaper `now` is, in whole per cent; 0 when it is not. */
export function discountPercent(now: Amount, was: Amount | null | undefined): number {
  if (!was || was.currency !== now.currency || was.amount <= now.amount) return 0;
  return Math.round((1 - now.amount / was.amount) * 100);
}
