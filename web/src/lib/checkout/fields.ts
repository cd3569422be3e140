import * as z from 'zod/mini';
import { ADDRESS_FIELDS, addressRules, districtRule, toAddress } from '#lib/address/fields.ts';
import type { City } from '#lib/address/postal.ts';
import type { CheckoutRequest, Money } from '#lib/api/types.ts';
import { check, optional, text, type Checked } from '#lib/form/check.ts';
import { m } from '#lib/paraglide/messages.js';

export const FIELDS = [
  'email',
  ...ADDRESS_FIELDS,
  'shipping_method',
  'payment_method',
  'note',
] as const;

export type Field = (typeof FIELDS)[number];
export type Values = Record<Field, string>;
export type FieldErrors = Partial<Record<Field, string>>;

export function emptyValues(): Values {
  return Object.fromEntries(FIELDS.map((field) => [field, ''])) as Values;
}

/** Checks the whole form; each field keeps its first complaint. */
export function checkValues(values: Values, cities: readonly City[]): Checked<Field> {
  const schema = z
    .object({
      email: z.string().check(z.trim(), z.email({ error: () => m.invalid_email() })),
      ...addressRules(),
      shipping_method: text(40, m.invalid_shipping),
      payment_method: text(40, m.invalid_payment),
      note: optional(300),
    })
    .check(districtRule(cities));
  return check(schema, values);
}

/** What the page said before the order was sent. */
interface Seen {
  coupon: string | null;
  total: Money | null;
}

/** The order as the API wants it, from checked values. */
export function toRequest(values: Values, cities: readonly City[], seen: Seen): CheckoutRequest {
  return {
    contact: { email: values.email, phone: values.phone },
    shipping_address: toAddress(values, cities),
    shipping_method: values.shipping_method,
    payment_method: values.payment_method,
    coupon_code: seen.coupon,
    note: values.note || null,
    expected_total: seen.total,
  };
}

const POINTERS: Record<string, Field> = {
  '/contact/email': 'email',
  '/contact/phone': 'phone',
  '/shipping_address/name': 'name',
  '/shipping_address/phone': 'phone',
  '/shipping_address/postal_code': 'district',
  '/shipping_address/city': 'city',
  '/shipping_address/district': 'district',
  '/shipping_address/address1': 'address1',
  '/shipping_address/address2': 'address2',
  '/shipping_method': 'shipping_method',
  '/payment_method': 'payment_method',
  '/note': 'note',
};

/** The API's complaints, put beside the fields they are about. */
export function fromPointers(errors: { pointer: string; detail: string }[]): FieldErrors {
  const found: FieldErrors = {};
  for (const { pointer, detail } of errors) {
    const field = POINTERS[pointer];
    if (field) found[field] ??= detail;
  }
  return found;
}
