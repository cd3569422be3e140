import * as z from 'zod/mini';
import type { SavedAddressForm } from '#lib/api/types.ts';
import { check, optional, phone, text, type Checked } from '#lib/form/check.ts';
import { m } from '#lib/paraglide/messages.js';
import { postalCode, type City } from './postal.ts';

/** Where something is sent, as a form asks for it. */
export const ADDRESS_FIELDS = [
  'name',
  'phone',
  'city',
  'district',
  'address1',
  'address2',
] as const;

export type AddressField = (typeof ADDRESS_FIELDS)[number];
export type AddressValues = Record<AddressField, string>;

/** An address as the API takes it. */
export type Address = Omit<SavedAddressForm, 'is_default'>;

export const addressRules = () => ({
  name: text(50, m.invalid_name),
  phone: phone(),
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
});

/** A district belongs to its city. */
export const districtRule = (cities: readonly City[]) =>
  z.refine<Pick<AddressValues, 'city' | 'district'>>(
    ({ city, district }) => !city || !district || postalCode(cities, city, district) !== undefined,
    { path: ['district'], error: () => m.invalid_district() },
  );

export function checkAddress(
  values: AddressValues,
  cities: readonly City[],
): Checked<AddressField> {
  return check(z.object(addressRules()).check(districtRule(cities)), values);
}

/** From checked values. */
export function toAddress(values: AddressValues, cities: readonly City[]): Address {
  return {
    name: values.name,
    phone: values.phone,
    postal_code: postalCode(cities, values.city, values.district) ?? '',
    city: values.city,
    district: values.district,
    address1: values.address1,
    address2: values.address2 || null,
  };
}

/** A kept address in the form's fields. */
export function fromAddress(address: Address): AddressValues {
  const { name, phone: number, city, district, address1, address2 } = address;
  return { name, phone: number, city, district, address1, address2: address2 ?? '' };
}

/** Which of the kept addresses stands in the form now, if any. */
export function findAddress<T extends Address>(
  addresses: readonly T[],
  values: AddressValues,
): T | undefined {
  return addresses.find((address) => {
    const kept = fromAddress(address);
    return ADDRESS_FIELDS.every((field) => kept[field] === values[field].trim());
  });
}

/** What the shop says where the API refuses a field that looked right here. */
export const ADDRESS_WORDS: Record<AddressField | 'postal_code', () => string> = {
  name: m.invalid_name,
  phone: m.invalid_phone,
  city: m.invalid_city,
  district: m.invalid_district,
  address1: m.invalid_address1,
  address2: m.invalid_too_long,
  postal_code: m.invalid_district,
};
