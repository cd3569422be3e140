/**
 * How the browser's scripts are cut into files.
 *
 * Left alone, the bundler makes a file of whatever any two pages share: a product page fetched 45,
 * most of them one sentence long. Each costs a request, and short files hardly compress.
 *
 * A group takes what it names and all that this needs, unless a group of higher priority has it.
 */

/** On every page: Svelte, Kit, what is around a page, and what is in its head. */
const FRAME =
  /[\\/]kit[\\/]src[\\/]runtime[\\/]client[\\/]client\.js$|[\\/]src[\\/](?:routes[\\/]\+layout|lib[\\/]components[\\/]Meta)\.svelte$/;
/** What shows a thing, in lists, carts and orders. */
const THING =
  /[\\/]src[\\/]lib[\\/](?:components[\\/]Picture\.svelte|format[\\/](?:money|date)\.ts)$/;
/** What shows many of them. */
const GOODS = /[\\/]src[\\/]lib[\\/]components[\\/](?:ProductGrid|PriceBadge|Breadcrumbs)\.svelte$/;
const FORMS =
  /[\\/]kit[\\/]src[\\/]runtime[\\/]app[\\/]forms[\\/]|[\\/]src[\\/]lib[\\/](?:components[\\/](?:ActionForm|ShortageMessage)\.svelte|focus\.ts)$/;
const CODE = /[\\/](?:node_modules|src)[\\/]/;

export const codeSplitting = {
  groups: [
    { name: 'frame', test: FRAME, priority: 5 },
    { name: 'thing', test: THING, priority: 4 },
    { name: 'goods', test: GOODS, priority: 3 },
    { name: 'forms', test: FORMS, priority: 2 },
    {
      name: 'shared',
      test: CODE,
      priority: 1,
      minShareCount: 2,
      entriesAware: true,
      // In bytes of source. Above it, pages fetch texts that they do not show.
      entriesAwareMergeThreshold: 4_000,
    },
  ],
};
