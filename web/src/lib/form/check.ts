import * as z from 'zod/mini';
import { m } from '#lib/paraglide/messages.js';

export type FieldErrors<Field extends string> = Partial<Record<Field, string>>;

export type Checked<Field extends string> =
  { ok: true; values: Record<Field, string> } | { ok: false; errors: FieldErrors<Field> };

/** Checks a whole form; each field keeps its first complaint. */
export function check<Field extends string>(
  schema: z.ZodMiniType<Record<Field, string>, Record<Field, string>>,
  values: Record<Field, string>,
): Checked<Field> {
  const result = schema.safeParse(values);
  if (result.success) return { ok: true, values: result.data };
  const errors: FieldErrors<Field> = {};
  for (const issue of result.error.issues) {
    const field = issue.path[0] as Field;
    errors[field] ??= issue.message;
  }
  return { ok: false, errors };
}

/** Something has to stand here. */
export const text = (max: number, message: () => string) =>
  z
    .string()
    .check(
      z.trim(),
      z.minLength(1, { error: message }),
      z.maxLength(max, { error: () => m.invalid_too_long() }),
    );

export const optional = (max: number) =>
  z.string().check(z.trim(), z.maxLength(max, { error: () => m.invalid_too_long() }));

export function isEmail(input: string): boolean {
  return input.length <= 254 && /^\S+@\S+\.\S+$/.test(input);
}

/** Taiwanese mobile (09xx…) and landline numbers, with or without dashes, also as +886. */
const PHONE = /^(?:09\d{8}|0[2-8]\d{7,9})$/;

/** `+886 912-345-678` and `0912 345 678` are the same number. */
export function normalizePhone(input: string): string {
  const digits = input.replace(/[\s\-()]/g, '');
  return digits.startsWith('+886') ? `0${digits.slice(4)}` : digits;
}

export function isPhone(input: string): boolean {
  return PHONE.test(normalizePhone(input));
}

export const phone = () =>
  z.pipe(
    z.pipe(z.string(), z.transform(normalizePhone)),
    z.string().check(z.regex(PHONE, { error: () => m.invalid_phone() })),
  );
