import { error } from '@sveltejs/kit';
import type { RequestHandler } from './$types.js';
import { productPaths, renderPages, shelves, xml } from '#lib/server/sitemap.ts';

export const GET: RequestHandler = async (event) => {
  const { category } = event.params;
  const categories = await shelves(event);
  if (!categories.some(({ slug }) => slug === category)) error(404, 'Not found');
  return xml(renderPages(event.url.origin, await productPaths(event, category)));
};
