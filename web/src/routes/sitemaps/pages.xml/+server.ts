import type { RequestHandler } from './$types.js';
import { listPath } from '#lib/catalog/query.ts';
import { TOPICS } from '#lib/help/topics.ts';
import { DOCUMENTS } from '#lib/legal/documents.ts';
import { renderPages, shelves, xml } from '#lib/server/sitemap.ts';

export const GET: RequestHandler = async (event) => {
  const categories = await shelves(event);
  return xml(
    renderPages(event.url.origin, [
      '/',
      '/products',
      ...categories.map(({ slug }) => listPath({ category: slug })),
      '/help',
      ...TOPICS.map(({ slug }) => `/help/${slug}`),
      ...DOCUMENTS.map(({ slug }) => `/legal/${slug}`),
    ]),
  );
};
