import createFetchClient, { type Client } from 'openapi-fetch';
import type { paths } from './schema.ts';

export type ApiClient = Client<paths>;

interface Options {
  fetch: typeof globalThis.fetch;
  /** Where `/api` is: the page's own origin; on the server, `handleFetch` takes it from there. */
  origin: string;
}

/** The one typed client of the API, for `load` functions, actions and the browser alike. */
export function createClient({ fetch, origin }: Options): ApiClient {
  return createFetchClient<paths>({ baseUrl: origin, fetch: (request) => fetch(request) });
}
