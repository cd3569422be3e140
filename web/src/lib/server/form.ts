import type { RequestEvent } from '@sveltejs/kit';
import { errorMessage } from '#lib/api/messages.ts';
import { networkFailure, type Failure, type Refusal } from '#lib/api/problem.ts';
import { couponMessage } from '#lib/cart/coupon.ts';
import { m } from '#lib/paraglide/messages.js';

export function refusal(reason: string | Failure): Refusal {
  const failure = typeof reason === 'string' ? { ...networkFailure(), code: reason } : reason;
  return {
    code: failure.code,
    message: words(failure),
    shortages: failure.shortages,
  };
}

function words({ code, detail, coupon, unpaidOrders, retryAfter }: Failure): string {
  if (coupon) return couponMessage(coupon);
  if (unpaidOrders !== null) return m.error_unpaid_orders({ count: unpaidOrders });
  return errorMessage(code, detail, retryAfter);
}

/** What stands in a field; nothing where the form has no such field. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

/** The API's complaints, put beside the fields they are about, in the shop's words. */
export function fieldErrors<Field extends string>(
  { errors }: Pick<Failure, 'errors'>,
  words: Record<Field, () => string>,
): Partial<Record<Field, string>> {
  const found: Partial<Record<Field, string>> = {};
  for (const { pointer } of errors) {
    const field = pointer.slice(1) as Field;
    if (Object.hasOwn(words, field)) found[field] ??= words[field]();
  }
  return found;
}

/** Whether a script sent the form, and will show the answer on the same page. */
export function isEnhanced({ request }: Pick<RequestEvent, 'request'>): boolean {
  return request.headers.get('x-sveltekit-action') === 'true';
}

/** Any origin will do: it only shows whether an address stays on it. */
const HERE = 'http://here.invalid';

/**
 * Where in this shop to go on to; anything else, such as another site, is not followed. Every target
 * that comes with a request goes through here.
 *
 * It is read as a browser reads it, and given back as it was understood: what looks like a path may
 * be none (`//evil.example`, `/\evil.example`), or become none once it is resolved
 * (`/.//evil.example`) or its language is taken away (`/en//evil.example`). No page of ours has an
 * empty step in its path.
 */
export function safeNext(value: FormDataEntryValue | string | null): string | undefined {
  if (typeof value !== 'string' || !value.startsWith('/') || !URL.canParse(value, HERE)) {
    return undefined;
  }
  const { origin, pathname, search, hash } = new URL(value, HERE);
  const isHere = origin === HERE && !pathname.includes('//') && !/[\\\s]/.test(value);
  return isHere ? pathname + search + hash : undefined;
}
