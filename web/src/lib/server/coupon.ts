import { fail, type RequestEvent } from '@sveltejs/kit';
import { settle, type Failure } from '#lib/api/problem.ts';
import type { Cart } from '#lib/api/types.ts';
import type { CouponAnswer } from '#lib/cart/coupon.ts';
import { m } from '#lib/paraglide/messages.js';
import { api } from './api.ts';
import { refusal, textOf } from './form.ts';

/** How a change of the coupon ended. */
interface Change {
  status: number;
  coupon: CouponAnswer;
  /** As it is now, when the change was made. */
  cart?: Cart;
}

/** What stands in the coupon field. */
export function typedCoupon(form: FormData): string {
  return textOf(form, 'coupon').trim();
}

/** Puts the coupon that was typed in into the visitor's cart. */
export async function applyCoupon(event: RequestEvent, form: FormData): Promise<Change> {
  const typed = typedCoupon(form);
  if (!typed) return { status: 422, coupon: { typed, message: m.invalid_coupon() } };
  const result = await settle(api(event).POST('/api/cart/coupon', { body: { code: typed } }));
  if (!result.ok) return refused(result.failure, typed);
  return { status: 200, coupon: { typed }, cart: result.data };
}

/** Takes the coupon out of the visitor's cart. */
export async function removeCoupon(event: RequestEvent, form: FormData): Promise<Change> {
  const result = await settle(api(event).DELETE('/api/cart/coupon'));
  if (!result.ok) return refused(result.failure, typedCoupon(form));
  return { status: 200, coupon: { typed: '', isRemoved: true }, cart: result.data };
}

function refused(failure: Failure, typed: string): Change {
  return { status: failure.status, coupon: { typed, message: refusal(failure).message } };
}

/** A change of the coupon as a form's answer, with what else the page wants back. */
export function couponAnswer<T extends object>({ status, coupon }: Change, more: T) {
  const data = { ...more, coupon };
  return status === 200 ? data : fail(status, data);
}
