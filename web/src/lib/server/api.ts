import { error, type RequestEvent } from '@sveltejs/kit';
import { createClient, type ApiClient } from '#lib/api/client.ts';
import { settle, type Failure, type Result } from '#lib/api/problem.ts';
import { errorMessage } from '#lib/api/messages.ts';
import { m } from '#lib/paraglide/messages.js';

type Event = Pick<RequestEvent, 'fetch' | 'url'>;

/** The typed client for one request. */
export function api({ fetch, url }: Event): ApiClient {
  return createClient({ fetch, origin: url.origin });
}

/** Data that the page cannot be without: a refusal becomes the error page. */
export async function need<T>(call: Parameters<typeof settle<T>>[0]): Promise<T> {
  const result = await settle(call);
  return result.ok ? result.data : raise(result.failure);
}

/** Data that the page can do without. */
export async function want<T>(call: Parameters<typeof settle<T>>[0], fallback: T): Promise<T> {
  const result: Result<T> = await settle(call);
  return result.ok ? result.data : fallback;
}

/** Shows the error page for a refusal of the API. */
export function raise({ status, code, detail, traceId, retryAfter }: Failure): never {
  if (status < 500) {
    error(status, { message: errorMessage(code, detail, retryAfter), code, traceId });
  }
  // The API being out of reach is the shop's trouble, not the visitor's connection.
  error(503, { message: m.error_service_unavailable(), code: 'SERVICE_UNAVAILABLE', traceId });
}
