import { error } from '@sveltejs/kit';
import { DOCUMENTS } from '#lib/legal/documents.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ params }) => {
  if (!DOCUMENTS.some(({ slug }) => slug === params.document)) error(404, 'Not found');
};
