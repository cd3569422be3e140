import { fail, redirect, type RequestEvent } from '@sveltejs/kit';
import { randomKey } from '#lib/checkout/idempotency.ts';
import { settle } from '#lib/api/problem.ts';
import type { Order, Return } from '#lib/api/types.ts';
import type { FieldErrors } from '#lib/form/check.ts';
import { isCause, returnable } from '#lib/orders/after-sale.ts';
import { refundsByTransfer } from '#lib/orders/payment.ts';
import {
  ACCOUNT_FIELDS,
  ACCOUNT_WORDS,
  REFUND_FIELDS,
  checkAccount,
  checkRefund,
  toAccount,
  type AccountValues,
  type RefundValues,
} from '#lib/orders/refund-fields.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { api } from './api.ts';
import { fieldErrors, refusal, textOf } from './form.ts';
import { orderTokenHeader } from './order-access.ts';
import { loadOrder, refused } from './orders.ts';

const KEY = /^[\w-]{16,64}$/;

function read<Field extends string>(form: FormData, fields: readonly Field[]) {
  return Object.fromEntries(fields.map((field) => [field, textOf(form, field)])) as Record<
    Field,
    string
  >;
}

/** How the money of an order came; as it was to be paid, when none has. */
export function paidBy({ payments, payment_method }: Order): string {
  const kept = payments.find(({ status }) =>
    ['succeeded', 'partially_refunded', 'refunded'].includes(status),
  );
  return kept?.method ?? payment_method;
}

/** Asks for all of an order's money back: the form of its own page. */
export async function requestRefund(event: RequestEvent, id: string) {
  const form = await event.request.formData();
  const values: RefundValues = read(form, REFUND_FIELDS);
  const order = await loadOrder(event, id);
  const byTransfer = refundsByTransfer(paidBy(order));

  const checked = checkRefund(values, byTransfer);
  if (!checked.ok) {
    return fail(422, { refusal: refusal('VALIDATION_FAILED'), values, errors: checked.errors });
  }
  const key = KEY.test(textOf(form, 'key')) ? textOf(form, 'key') : randomKey();
  const { reason, ...where } = checked.values;
  const result = await settle(
    api(event).POST('/api/orders/{id}/refunds', {
      params: {
        path: { id },
        header: { 'Idempotency-Key': key, ...orderTokenHeader(event, id) },
      },
      body: { reason, account: byTransfer ? toAccount(where) : null },
    }),
  );
  if (result.ok) redirect(303, `${localizeHref(`/orders/${id}`)}?done=refund#refunds`);
  const { failure } = result;
  const words = { reason: m.invalid_reason, ...accountPointers };
  const { reason: why, ...found } = fieldErrors(failure, words);
  const errors = { ...named(found), ...(why && { reason: why }) };
  return fail(failure.status, { refusal: refusal(failure), values, errors });
}

/** The account's fields, where they stand inside a request for money back. */
const accountPointers = {
  'account/bank_code': ACCOUNT_WORDS.bank_code,
  'account/account_number': ACCOUNT_WORDS.account_number,
  'account/holder': ACCOUNT_WORDS.holder,
};

function named(
  found: Partial<Record<keyof typeof accountPointers, string>>,
): FieldErrors<keyof AccountValues> {
  const pairs = Object.entries(found).map(([at, words]) => [at.replace('account/', ''), words]);
  return Object.fromEntries(pairs) as FieldErrors<keyof AccountValues>;
}

/** Says where a refund is to be transferred. */
export async function setRefundAccount(event: RequestEvent, id: string) {
  const form = await event.request.formData();
  const values: AccountValues = read(form, ACCOUNT_FIELDS);
  const checked = checkAccount(values);
  if (!checked.ok) {
    return fail(422, {
      at: 'account',
      refusal: refusal('VALIDATION_FAILED'),
      values,
      errors: checked.errors,
    });
  }
  const result = await settle(
    api(event).PUT('/api/orders/{id}/refunds/{refund_id}/account', {
      params: {
        path: { id, refund_id: textOf(form, 'refund') },
        header: orderTokenHeader(event, id),
      },
      body: toAccount(checked.values),
    }),
  );
  if (result.ok) return { at: 'account' };
  const { failure } = result;
  const errors = fieldErrors(failure, ACCOUNT_WORDS);
  return fail(failure.status, { at: 'account', refusal: refusal(failure), values, errors });
}

/** What is typed into the form of a return: its lines by their number. */
export interface ReturnValues {
  cause: string;
  reason: string;
  lines: Record<number, number>;
}

function readReturn(form: FormData, order: Order): ReturnValues {
  const asked = returnable(order).map(({ item, left }): [number, number] => {
    const quantity = Number(textOf(form, `line-${item.line_no}`));
    return [item.line_no, Number.isInteger(quantity) ? Math.max(0, Math.min(quantity, left)) : 0];
  });
  return {
    cause: textOf(form, 'cause'),
    reason: textOf(form, 'reason').trim(),
    lines: Object.fromEntries(asked),
  };
}

/** Asks to send something back, and goes to the page of that return. */
export async function requestReturn(event: RequestEvent, id: string) {
  const order = await loadOrder(event, id);
  const values = readReturn(await event.request.formData(), order);
  const lines = Object.entries(values.lines)
    .filter(([, quantity]) => quantity > 0)
    .map(([line, quantity]) => ({ line_no: Number(line), quantity }));
  const { cause, reason } = values;
  const errors = {
    ...(lines.length === 0 && { lines: m.invalid_return_lines() }),
    ...(!isCause(cause) && { cause: m.invalid_cause() }),
    ...(reason.length > 1000 && { reason: m.invalid_too_long() }),
  };
  if (!isCause(cause) || Object.keys(errors).length > 0) {
    return fail(422, { refusal: refusal('VALIDATION_FAILED'), values, errors });
  }
  const result = await settle(
    api(event).POST('/api/orders/{id}/returns', {
      params: { path: { id }, header: orderTokenHeader(event, id) },
      body: { cause, reason, lines },
    }),
  );
  if (result.ok) {
    redirect(303, `${localizeHref(`/orders/${id}/returns/${result.data.id}`)}?done=return`);
  }
  return fail(result.failure.status, { refusal: refusal(result.failure), values, errors });
}

/** Gives a return up. */
export async function cancelReturn(event: RequestEvent, id: string, returnId: string) {
  const result = await settle(
    api(event).POST('/api/orders/{id}/returns/{return_id}/cancel', {
      params: { path: { id, return_id: returnId }, header: orderTokenHeader(event, id) },
      body: {},
    }),
  );
  return result.ok ? { at: 'cancel' } : refused('cancel', result.failure);
}

/** What the API takes, by what files of that kind begin with. */
const KINDS: readonly (readonly [kind: string, begins: RegExp])[] = [
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/png', /^\x89PNG\r\n/],
  ['image/webp', /^RIFF[\s\S]{4}WEBP/],
];

/** Adds one picture to a return. */
export async function addPicture(event: RequestEvent, id: string, returnId: string) {
  const file = (await event.request.formData()).get('picture');
  if (!(file instanceof File) || file.size === 0) {
    return refused('picture', 'VALIDATION_FAILED', { message: m.picture_choose_first() });
  }
  const bytes = Buffer.from(await file.arrayBuffer());
  const start = bytes.subarray(0, 16).toString('latin1');
  const kind = KINDS.find(([, begins]) => begins.test(start))?.[0];
  if (!kind) return refused('picture', 'UNSUPPORTED_MEDIA_TYPE');
  const result = await settle<Return>(
    api(event).POST('/api/orders/{id}/returns/{return_id}/pictures', {
      params: { path: { id, return_id: returnId }, header: orderTokenHeader(event, id) },
      headers: { 'content-type': kind },
      // The document knows a body of bytes as a list of numbers.
      body: bytes as unknown as number[],
      bodySerializer: () => bytes,
    }),
  );
  return result.ok
    ? { at: 'picture', pictures: result.data.pictures }
    : refused('picture', result.failure);
}
