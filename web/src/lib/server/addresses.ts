import { redirect, type RequestEvent } from '@sveltejs/kit';
import { withNotice } from '#lib/account/notices.ts';
import { byDefault } from '#lib/address/book.ts';
import {
  ADDRESS_FIELDS,
  ADDRESS_WORDS,
  checkAddress,
  toAddress,
  type AddressField,
  type AddressValues,
} from '#lib/address/fields.ts';
import { settle, type Result } from '#lib/api/problem.ts';
import type { SavedAddress, SavedAddressForm } from '#lib/api/types.ts';
import type { FieldErrors } from '#lib/form/check.ts';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { own, refuse } from './account.ts';
import { api } from './api.ts';
import { fieldErrors, textOf } from './form.ts';
import { taiwan } from './taiwan.ts';

/** The kept addresses, the default one first. */
export async function loadAddresses(
  event: Pick<RequestEvent, 'fetch' | 'url'>,
): Promise<SavedAddress[]> {
  const { items } = await own(event, api(event).GET('/api/me/addresses'));
  return byDefault(items);
}

/** Reads the form of one address, has it kept by `send`, and goes back to the list. */
export async function saveAddress(
  event: RequestEvent,
  send: (body: SavedAddressForm) => Promise<Result<unknown>>,
) {
  const form = await event.request.formData();
  const values = Object.fromEntries(
    ADDRESS_FIELDS.map((field) => [field, textOf(form, field)]),
  ) as AddressValues;
  const isDefault = form.has('is_default');
  const cities = taiwan(event.locals.locale);

  const checked = checkAddress(values, cities);
  if (!checked.ok) {
    const { errors } = checked;
    return refuse(event, 'address', 'VALIDATION_FAILED', { values, isDefault, errors });
  }
  const saved = await send({ ...toAddress(checked.values, cities), is_default: isDefault });
  if (saved.ok) redirect(303, localizeHref(withNotice('/account/addresses', 'address_saved')));
  const { postal_code, ...errors } = fieldErrors(saved.failure, ADDRESS_WORDS);
  if (postal_code) errors.district ??= postal_code;
  return refuse(event, 'address', saved.failure, {
    values,
    isDefault,
    errors: errors as FieldErrors<AddressField>,
  });
}

/** Keeps a new address of the person who is signed in. */
export function addAddress(event: RequestEvent) {
  return saveAddress(event, (body) => settle(api(event).POST('/api/me/addresses', { body })));
}
