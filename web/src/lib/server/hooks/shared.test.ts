import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { cacheControl, isPublic, type Answered } from './shared.ts';

const PAGE: Answered = {
  method: 'GET',
  route: '/products/[slug]',
  status: 200,
  setsCookie: false,
  cookies: ['theme', '_ga'],
  isIncomplete: false,
};
const isShared = (change: Partial<Answered>) =>
  cacheControl({ ...PAGE, ...change }).startsWith('public, max-age=0, s-maxage=2,');

describe('pages for everybody', () => {
  it('are these routes, and no other', async () => {
    const root = new URL('../../../routes/', import.meta.url);
    const files = await readdir(root, { recursive: true });
    const routes = files
      .map((file) => String(file).replaceAll('\\', '/'))
      .filter((file) => file.endsWith('+page.svelte'))
      .map((file) => `/${file.replace(/\/?\+page\.svelte$/, '')}`);
    expect(routes.filter(isPublic).sort()).toEqual([
      '/',
      '/help',
      '/help/[topic]',
      '/legal/[document]',
      '/products',
      '/products/[slug]',
    ]);
    expect(isPublic(null)).toBe(false);
  });

  it('are complete, and of nobody in particular', () => {
    expect(isShared({})).toBe(true);
    expect(isShared({ method: 'HEAD' })).toBe(true);
    expect(isShared({ method: 'POST' })).toBe(false);
    expect(isShared({ route: '/cart' })).toBe(false);
    expect(isShared({ status: 404 })).toBe(false);
    expect(isShared({ setsCookie: true })).toBe(false);
    expect(isShared({ isIncomplete: true })).toBe(false);
    for (const cookie of ['oxcart_cart', '__Host-oxcart_access', 'oxcart_lang']) {
      expect(isShared({ cookies: [cookie] })).toBe(false);
    }
    expect(cacheControl({ ...PAGE, route: '/cart' })).toBe('private, no-store');
  });

  it('have no nonce, which would be the same for all', async () => {
    const config = await readFile(new URL('../../../../vite.config.ts', import.meta.url), 'utf8');
    expect(config).toContain("mode: 'hash'");
  });
});

it('the cache knows every parameter that a list is made of', async () => {
  const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
  const query = await read('../../catalog/query.ts');
  const cache = await read('../../../../../crates/page-cache/src/request.rs');
  const known = /PARAMETERS: &\[&str\] =\s+&\[([^\]]*)\]/.exec(cache)?.[1] ?? '';
  const names = [...query.matchAll(/params\.(?:get|getAll|set)\('([^']+)'/g)].map(
    ([, name]) => name,
  );
  expect(names.length).toBeGreaterThan(0);
  for (const name of new Set(names)) expect(known).toContain(`"${name}"`);
});
