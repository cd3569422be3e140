import type { Handle } from '@sveltejs/kit/hooks';

/** As Kit writes it into the head; no text on a page can look like it. */
const SCRIPT = /(<link href="[^"<>]*" rel="modulepreload")/g;

/** Scripts behind pictures: a page is whole without its scripts, and works. */
export function scriptsLast(html: string): string {
  return html.replace(SCRIPT, '$1 fetchpriority="low"');
}

export const priorityHandle: Handle = ({ event, resolve }) =>
  resolve(event, { transformPageChunk: ({ html }) => scriptsLast(html) });
