import type { RequestEvent } from '@sveltejs/kit';
import type { Category } from '#lib/api/types.ts';
import { addressOf, alternates } from '#lib/seo/address.ts';
import { locales } from '#lib/paraglide/runtime.js';
import { api, need } from './api.ts';
import { Kept } from './kept.ts';

/** What the protocol allows in one file: 50,000 addresses, each language being one. */
const MOST = Math.floor(50_000 / locales.length);
const PAGE_SIZE = 100;
const TEN_MINUTES = 600_000;

const kept = new Kept<string[]>(TEN_MINUTES);

type Event = Pick<RequestEvent, 'fetch' | 'url'>;

export async function shelves(event: Event): Promise<Category[]> {
  return (await need(api(event).GET('/api/categories'))).items;
}

/** The products of a category that exists, the newest first, as paths. All of them, or a refusal. */
export function productPaths(event: Event, category: string): Promise<string[]> {
  return kept.get(category, async () => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { category, sort: 'newest' as const, limit: PAGE_SIZE, cursor };
      const page = await need(api(event).GET('/api/products', { params: { query } }));
      found.push(...page.items.map(({ slug }) => `/products/${slug}`));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined && found.length < MOST);
    return found.slice(0, MOST);
  });
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const escape = (text: string) => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** Every page in every language, each naming the others. */
export function renderPages(origin: string, paths: readonly string[]): string {
  const urls = paths.flatMap((path) => {
    const links = alternates(origin, path)
      .map(
        ({ hreflang, href }) =>
          `<xhtml:link rel="alternate" hreflang="${hreflang}" href="${escape(href)}"/>`,
      )
      .join('');
    return locales.map(
      (locale) => `<url><loc>${escape(addressOf(origin, path, locale))}</loc>${links}</url>`,
    );
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">
${urls.join('\n')}
</urlset>
`;
}

export function renderIndex(origin: string, paths: readonly string[]): string {
  const maps = paths.map((path) => `<sitemap><loc>${escape(origin + path)}</loc></sitemap>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${maps.join('\n')}
</sitemapindex>
`;
}

export function xml(body: string): Response {
  return new Response(body, {
    headers: {
      'content-type': 'application/xml; charset=utf-8',
      'cache-control': 'public, max-age=600',
    },
  });
}
