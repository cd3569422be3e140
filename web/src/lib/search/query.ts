/** What is searched for lives in the address; this is how it is read and written. */

export const SORTS = ['relevance', 'newest', 'price_asc', 'price_desc'] as const;
export type Sort = (typeof SORTS)[number];

export interface SearchQuery {
  q: string;
  category: string;
  min_price: number | undefined;
  max_price: number | undefined;
  /** Values of options, as the facets tell them: `colour:red`. */
  options: string[];
  in_stock: boolean;
  sort: Sort;
  cursor: string | undefined;
}

type Params = Pick<URLSearchParams, 'get' | 'getAll'>;

const OPTIONS_MAX = 20;

function amount(value: string | null): number | undefined {
  return value && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

/** Reads the address; what makes no sense in it is left out rather than refused. */
export function readSearch(params: Params): SearchQuery {
  const sort = params.get('sort');
  const options = params.getAll('option').filter((text) => /^[^:]{1,200}:[^:]{1,200}$/.test(text));
  return {
    q: (params.get('q') ?? '').trim().slice(0, 100),
    category: (params.get('category') ?? '').slice(0, 100),
    min_price: amount(params.get('min_price')),
    max_price: amount(params.get('max_price')),
    options: [...new Set(options)].slice(0, OPTIONS_MAX),
    in_stock: ['true', 'on', '1'].includes(params.get('in_stock') ?? ''),
    sort: SORTS.find((known) => known === sort) ?? 'relevance',
    cursor: params.get('cursor') ?? undefined,
  };
}

/** The path of a search; defaults are left out, so that addresses stay short. */
export function searchPath(query: Partial<SearchQuery>): string {
  const params = new URLSearchParams();
  if (query.q) params.set('q', query.q);
  if (query.category) params.set('category', query.category);
  if (query.min_price !== undefined) params.set('min_price', String(query.min_price));
  if (query.max_price !== undefined) params.set('max_price', String(query.max_price));
  for (const option of query.options ?? []) params.append('option', option);
  if (query.in_stock) params.set('in_stock', 'true');
  if (query.sort && query.sort !== 'relevance') params.set('sort', query.sort);
  if (query.cursor) params.set('cursor', query.cursor);
  const search = params.toString();
  return search ? `/search?${search}` : '/search';
}

/** Whether anything but words and their order was asked for. */
export function isNarrowed(query: SearchQuery): boolean {
  return Boolean(
    query.category ||
    query.in_stock ||
    query.options.length > 0 ||
    query.min_price !== undefined ||
    query.max_price !== undefined,
  );
}
