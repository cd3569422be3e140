import { error } from '@sveltejs/kit';
import { TOPICS } from '#lib/help/topics.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ params }) => {
  if (!TOPICS.some(({ slug }) => slug === params.topic)) error(404, 'Not found');
};
