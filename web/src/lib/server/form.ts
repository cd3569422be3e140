import type { RequestEvent } from '@sveltejs/kit';
import { errorMessage } from '#lib/api/messages.ts';
import { networkFailure, type Failure, type Refusal } from '#lib/api/problem.ts';
import { couponMessage } from '#lib/cart/coupon.ts';

export function refusal(reason: string | Failure): Refusal {
  const failure = typeof reason === 'string' ? { ...networkFailure(), code: reason } : reason;
  return {
    code: failure.code,
    message: failure.coupon
      ? couponMessage(failure.coupon)
      : errorMessage(failure.code, failure.detail),
    shortages: failure.shortages,
  };
}

/** Whether a script sent the form, and will show the answer on the same page. */
export function isEnhanced({ request }: Pick<RequestEvent, 'request'>): boolean {
  return request.headers.get('x-sveltekit-action') === 'true';
}

/** A path of this shop to go on to; anything else, such as another site, is not followed. */
export function safeNext(value: FormDataEntryValue | string | null): string | undefined {
  if (typeof value !== 'string' || !value.startsWith('/') || /^\/[/\\]|[\\\s]/.test(value)) {
    return undefined;
  }
  return value;
}
