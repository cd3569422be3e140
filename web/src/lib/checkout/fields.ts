import * as z from 'zod/mini';
import { postalCode, type City } from '#lib/address/postal.ts';
import { m } from '#lib/paraglide/messages.js';
import type { CheckoutRequest, Money } from '#lib/api/types.ts';

/** Taiwanese mobile (09xx…) and landline numbers, with or without dashes, also as +886. */
const PHONE = /^(?:09\d{8}|0[2-8]\d{7,9})$/;

export const FIELDS = [
  'email',
  'name',
  'phone',
  'city',
  'district',
  'address1',
  'address2',
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

/** `+886 912-345-678` and `0912 345 678` are the same number. */
export function normalizePhone(input: string): string {
  const digits = input.replace(/[\s\-()]/g, '');
  return digits.startsWith('+886') ? `0${digits.slice(4)}` : digits;
}

const text = (max: number, message: () => string) =>
  z
    .string()
    .check(
      z.trim(),
      z.minLength(1, { error: message }),
      z.maxLength(max, { error: () => m.invalid_too_long() }),
    );
const optional = (max: number) =>
  z.string().check(z.trim(), z.maxLength(max, { error: () => m.invalid_too_long() }));

function schema(cities: readonly City[]) {
  return z
    .object({
      email: z.string().check(z.trim(), z.email({ error: () => m.invalid_email() })),
      name: text(50, m.invalid_name),
      phone: z.pipe(
        z.pipe(z.string(), z.transform(normalizePhone)),
        z.string().check(z.regex(PHONE, { error: () => m.invalid_phone() })),
      ),
      city: text(10, m.invalid_city),
      district: text(10, m.invalid_district),
      address1: z
        .string()
        .check(
          z.trim(),
          z.minLength(3, { error: () => m.invalid_address1() }),
          z.maxLength(120, { error: () => m.invalid_too_long() }),
        ),
      address2: optional(80),
      shipping_method: text(40, m.invalid_shipping),
      payment_method: text(40, m.invalid_payment),
      note: optional(300),
    })
    .check(
      z.refine(
        ({ city, district }) =>
          !city || !district || postalCode(cities, city, district) !== undefined,
        { path: ['district'], error: () => m.invalid_district() },
      ),
    );
}

type Checked = { ok: true; values: Values } | { ok: false; errors: FieldErrors };

/** Checks the whole form; each field keeps its first complaint. */
export function checkValues(values: Values, cities: readonly City[]): Checked {
  const result = schema(cities).safeParse(values);
  if (result.success) return { ok: true, values: result.data };
  const errors: FieldErrors = {};
  for (const issue of result.error.issues) {
    const field = issue.path[0] as Field;
    errors[field] ??= issue.message;
  }
  return { ok: false, errors };
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
    shipping_address: {
      name: values.name,
      phone: values.phone,
      postal_code: postalCode(cities, values.city, values.district) ?? '',
      city: values.city,
      district: values.district,
      address1: values.address1,
      address2: values.address2 || null,
    },
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
