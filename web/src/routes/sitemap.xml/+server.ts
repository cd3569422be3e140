import type { RequestHandler } from './$types.js';
import { within } from '#lib/catalog/tree.ts';
import { renderIndex, shelves, xml } from '#lib/server/sitemap.ts';

/** One file for the pages, one for the products of each category. */
export const GET: RequestHandler = async (event) => {
  // A list holds what lies deeper, too: each product is in one file.
  const categories = within(await shelves(event));
  const products = categories.map(
    ({ slug }) => `/sitemaps/products/${encodeURIComponent(slug)}.xml`,
  );
  return xml(renderIndex(event.url.origin, ['/sitemaps/pages.xml', ...products]));
};
