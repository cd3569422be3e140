/** Searching the mock's products: plainly, but with the answers' real shapes. */
import type {
  LocalizedText,
  Product,
  SearchFacets,
  SearchPage,
  SearchSuggestion,
} from '../../src/lib/api/types.ts';
import { categories, products, twd } from './catalog.ts';
import { json, problem, type Call, type Handler } from './http.ts';

const PRICES: [min: number, max: number | null][] = [
  [0, 499],
  [500, 999],
  [1_000, 1_999],
  [2_000, null],
];

const keyOf = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

/** What a product can be chosen by: `colour:berry-red`. */
function choicesOf(product: Product) {
  return product.options.flatMap(({ name, values }) =>
    values.map((value) => ({
      option: { key: keyOf(name.en), name },
      value: { key: keyOf(value.en), name: value },
    })),
  );
}

interface Filters {
  q: string;
  category: string | null;
  min: number;
  max: number;
  options: string[];
  inStock: boolean;
}

function fits(product: Product, { q, category, min, max, options, inStock }: Filters): boolean {
  const words = JSON.stringify([product.name, product.subtitle]).toLowerCase();
  const choices = choicesOf(product).map(({ option, value }) => `${option.key}:${value.key}`);
  return (
    words.includes(q) &&
    (!category || product.category.slug === category) &&
    product.price_from.amount >= min &&
    product.price_from.amount <= max &&
    (options.length === 0 || options.some((option) => choices.includes(option))) &&
    (!inStock || product.availability !== 'sold_out')
  );
}

function facetsOf(filters: Filters): SearchFacets {
  const count = (other: Partial<Filters>) =>
    products().filter((product) => fits(product, { ...filters, ...other })).length;
  const shelves = categories().map(({ slug, name }) => ({
    slug,
    name,
    count: count({ category: slug }),
  }));
  const prices = PRICES.map(([min, max]) => ({
    min: twd(min),
    max: max === null ? null : twd(max),
    count: count({ min, max: max ?? Infinity }),
  }));
  const options = new Map<string, SearchFacets['options'][number]>();
  for (const { option, value } of products().flatMap(choicesOf)) {
    const told = options.get(option.key) ?? { ...option, values: [] };
    const of = count({ options: [`${option.key}:${value.key}`] });
    if (of > 0 && !told.values.some(({ key }) => key === value.key)) {
      told.values.push({ ...value, count: of });
    }
    options.set(option.key, told);
  }
  return {
    categories: shelves.filter((shelf) => shelf.count > 0),
    prices: prices.filter((range) => range.count > 0),
    options: [...options.values()].filter(({ values }) => values.length > 0),
    in_stock: count({ inStock: true }),
  };
}

function search({ url, response }: Call): void {
  const query = url.searchParams;
  const q = (query.get('q') ?? '').toLowerCase();
  if (q === 'boom') return problem(response, 500, 'INTERNAL');
  if (q === 'busy') return problem(response, 429, 'RATE_LIMITED');
  const filters: Filters = {
    q,
    category: query.get('category'),
    min: Number(query.get('min_price') ?? 0),
    max: Number(query.get('max_price') ?? Infinity),
    options: query.getAll('option'),
    inStock: query.get('in_stock') === 'true',
  };
  const found = products().filter((product) => fits(product, filters));
  const sort = query.get('sort');
  if (sort === 'newest') found.reverse();
  if (sort === 'price_asc') found.sort((a, b) => a.price_from.amount - b.price_from.amount);
  if (sort === 'price_desc') found.sort((a, b) => b.price_from.amount - a.price_from.amount);
  const from = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 24);
  const answer: SearchPage = {
    items: found.slice(from, from + limit),
    next_cursor: from + limit < found.length ? String(from + limit) : null,
    total: found.length,
    facets: facetsOf(filters),
  };
  json(response, 200, answer);
}

function suggest({ url, response }: Call): void {
  const q = (url.searchParams.get('q') ?? '').toLowerCase();
  const begins = ({ name }: { name: LocalizedText }) =>
    q !== '' && `${name.zh_tw}\n${name.en}`.toLowerCase().includes(q);
  const items: SearchSuggestion[] = [
    ...categories()
      .filter(begins)
      .slice(0, 2)
      .map(({ slug, name }) => ({ kind: 'category' as const, slug, name })),
    ...products()
      .filter(begins)
      .map(({ slug, name }) => ({ kind: 'product' as const, slug, name })),
  ];
  json(response, 200, { items: items.slice(0, 8) });
}

export const SEARCH_ROUTES: [method: string, path: RegExp, handler: Handler][] = [
  ['GET', /^\/api\/search$/, search],
  ['GET', /^\/api\/search\/suggest$/, suggest],
];
