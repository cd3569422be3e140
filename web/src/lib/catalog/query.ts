/** The product list's state lives in the address; this is how it is read and written. */

export const SORTS = ['relevance', 'newest', 'price_asc', 'price_desc', 'name'] as const;
export type Sort = (typeof SORTS)[number];

export interface ProductQuery {
  category: string;
  min_price: number | undefined;
  max_price: number | undefined;
  in_stock: boolean;
  sort: Sort;
  cursor: string | undefined;
}

type Params = Pick<URLSearchParams, 'get'>;

function amount(value: string | null): number | undefined {
  return value && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

/** Reads the address; what makes no sense in it is left out rather than refused. */
export function readQuery(params: Params): ProductQuery {
  const sort = params.get('sort');
  return {
    category: (params.get('category') ?? '').slice(0, 100),
    min_price: amount(params.get('min_price')),
    max_price: amount(params.get('max_price')),
    in_stock: ['true', 'on', '1'].includes(params.get('in_stock') ?? ''),
    sort: SORTS.find((known) => known === sort) ?? 'relevance',
    cursor: params.get('cursor') ?? undefined,
  };
}

/** The path of the list for a query; defaults are left out, so that addresses stay short. */
export function listPath(query: Partial<ProductQuery>): string {
  const params = new URLSearchParams();
  if (query.category) params.set('category', query.category);
  if (query.min_price !== undefined) params.set('min_price', String(query.min_price));
  if (query.max_price !== undefined) params.set('max_price', String(query.max_price));
  if (query.in_stock) params.set('in_stock', 'true');
  if (query.sort && query.sort !== 'relevance') params.set('sort', query.sort);
  if (query.cursor) params.set('cursor', query.cursor);
  const search = params.toString();
  return search ? `/products?${search}` : '/products';
}

/** Whether anything but the order of the list was asked for. */
export function isFiltered(query: ProductQuery): boolean {
  return Boolean(
    query.category ||
    query.in_stock ||
    query.min_price !== undefined ||
    query.max_price !== undefined,
  );
}
