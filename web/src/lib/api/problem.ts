import type { CouponRefusal, Problem, Shortage } from './types.ts';

/** A refusal of the API, reduced to what pages act on. */
export interface Failure {
  status: number;
  /** A stable code; NETWORK_ERROR when there was no usable answer. */
  code: string;
  detail: string;
  traceId: string;
  /** JSON pointers into the request body. */
  errors: { pointer: string; detail: string }[];
  shortages: Shortage[];
  /** Why a coupon cannot be used. */
  coupon: CouponRefusal | null;
  /** How many unpaid orders are open, when those are too many. */
  unpaidOrders: number | null;
  /** Seconds until it is worth trying again, where the shop said so. */
  retryAfter: number | null;
}

/** What a form shows when the shop refused. */
export interface Refusal {
  code: string;
  message: string;
  shortages: Shortage[];
}

export type Result<T> = { ok: true; data: T } | { ok: false; failure: Failure };

interface ClientAnswer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Waits for a call of the typed client; never throws, whatever the network does. */
export async function settle<T>(call: Promise<ClientAnswer<T>>): Promise<Result<T>> {
  let answer: ClientAnswer<T>;
  try {
    answer = await call;
  } catch {
    return { ok: false, failure: networkFailure() };
  }
  if (answer.response.ok) return { ok: true, data: answer.data as T };
  const { status, headers } = answer.response;
  return { ok: false, failure: toFailure(answer.error, status, headers.get('retry-after')) };
}

export function networkFailure(): Failure {
  return {
    status: 503,
    code: 'NETWORK_ERROR',
    detail: '',
    traceId: '',
    errors: [],
    shortages: [],
    coupon: null,
    unpaidOrders: null,
    retryAfter: null,
  };
}

/** Reads problem details; an answer that is none (a proxy's HTML page) still becomes a failure. */
export function toFailure(
  body: unknown,
  status: number,
  retryAfter: string | null = null,
): Failure {
  const problem: Partial<Problem> = typeof body === 'object' && body !== null ? body : {};
  return {
    status,
    code: problem.code ?? (status >= 500 ? 'NETWORK_ERROR' : 'INTERNAL'),
    detail: problem.detail ?? problem.title ?? '',
    traceId: problem.trace_id ?? '',
    errors: problem.errors ?? [],
    shortages: (problem.shortages as Shortage[] | undefined) ?? [],
    coupon: problem.code === 'COUPON_INVALID' ? (problem as unknown as CouponRefusal) : null,
    unpaidOrders: typeof problem.unpaid_orders === 'number' ? problem.unpaid_orders : null,
    retryAfter: retryAfter && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : null,
  };
}
