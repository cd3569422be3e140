import createFetchClient, { type Client } from 'openapi-fetch';
import type { AccountPaths } from './account.ts';
import type { paths } from './schema.ts';

type Paths = Omit<paths, keyof AccountPaths> & AccountPaths;

export type ApiClient = Client<Paths>;

interface Options {
  fetch: typeof globalThis.fetch;
  /** Where `/api` is: the page's own origin; on the server, `handleFetch` takes it from there. */
  origin: string;
}

/** The one typed client of the API, for `load` functions, actions and the browser alike. */
export function createClient({ fetch, origin }: Options): ApiClient {
  return createFetchClient<Paths>({ baseUrl: origin, fetch: (request) => fetch(request) });
}
