import * as z from 'zod/mini';
import type { RefundAccount } from '#lib/api/types.ts';
import { check, text, type Checked } from '#lib/form/check.ts';
import { m } from '#lib/paraglide/messages.js';

export const ACCOUNT_FIELDS = ['bank_code', 'account_number', 'holder'] as const;
export const REFUND_FIELDS = ['reason', ...ACCOUNT_FIELDS] as const;

export type AccountField = (typeof ACCOUNT_FIELDS)[number];
export type RefundField = (typeof REFUND_FIELDS)[number];
export type AccountValues = Record<AccountField, string>;
export type RefundValues = Record<RefundField, string>;

/** What people put between digits; also the full-width ones that Chinese input methods make. */
function digits(input: string): string {
  return input.normalize('NFKC').replace(/[\s-]/g, '');
}

const number = (pattern: RegExp, message: () => string) =>
  z.pipe(
    z.pipe(z.string(), z.transform(digits)),
    z.string().check(z.regex(pattern, { error: message })),
  );

const account = () => ({
  bank_code: number(/^(?:\d{3}|\d{7})$/, () => m.invalid_bank_code()),
  account_number: number(/^\d{5,16}$/, () => m.invalid_account_number()),
  holder: text(50, m.invalid_holder),
});

/** Where a transfer goes. */
export function checkAccount(values: AccountValues): Checked<AccountField> {
  return check(z.object(account()), values);
}

/** A request for money back; without the account where the money goes back by itself. */
export function checkRefund(values: RefundValues, byTransfer: boolean): Checked<RefundField> {
  const any = z.string();
  const where = byTransfer ? account() : { bank_code: any, account_number: any, holder: any };
  return check(z.object({ reason: text(200, m.invalid_reason), ...where }), values);
}

export function toAccount({ bank_code, account_number, holder }: AccountValues): RefundAccount {
  return { bank_code, account_number, holder };
}

/** What the API's complaints about a field are called here. */
export const ACCOUNT_WORDS: Record<AccountField, () => string> = {
  bank_code: m.invalid_bank_code,
  account_number: m.invalid_account_number,
  holder: m.invalid_holder,
};
