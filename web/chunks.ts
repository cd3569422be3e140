/**
 * How the browser's scripts are cut into files.
 *
 * Left alone, the bundler makes a file of whatever any two pages share: a product page fetched 45,
 * most of them one sentence long. Each costs a request, and short files hardly compress.
 *
 * Each of these becomes one file with all that it needs, unless a file before it has that already.
 * `npm run size` tells what pages fetch.
 */
const COMPONENTS = 'src/lib/components';

export const FILES: Record<string, readonly string[]> = {
  /**
   * On every page: Svelte, Kit, what is around a page, and what is in its head. Kit fetches the page
   * of errors before it takes over, lest it be missed when the network is.
   */
  frame: [
    'node_modules/@sveltejs/kit/src/runtime/client/client.js',
    'src/routes/+layout.svelte',
    'src/routes/+error.svelte',
    `${COMPONENTS}/Meta.svelte`,
  ],
  /** What a thing looks like, costs, and when it comes: in lists, carts and orders. */
  thing: [`${COMPONENTS}/Picture.svelte`, 'src/lib/format/money.ts', 'src/lib/format/date.ts'],
  /** Many things. */
  goods: [
    `${COMPONENTS}/ProductGrid.svelte`,
    `${COMPONENTS}/PriceBadge.svelte`,
    `${COMPONENTS}/Breadcrumbs.svelte`,
  ],
  forms: [`${COMPONENTS}/ActionForm.svelte`, `${COMPONENTS}/ShortageMessage.svelte`],
};

const named = Object.entries(FILES).map(([name, modules], at, { length }) => ({
  name,
  test: (id: string) => modules.some((module) => id.endsWith(`/${module}`)),
  priority: 1 + length - at,
}));

/** Whatever else pages share, with those of the same pages. */
const shared = {
  name: 'shared',
  test: /\/(?:node_modules|src)\//,
  priority: 1,
  minShareCount: 2,
  entriesAware: true,
  // In bytes of source. The more, the fewer files, and the more texts a page fetches and never shows.
  entriesAwareMergeThreshold: 4_000,
};

export const codeSplitting = { groups: [...named, shared] };
