import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

it('lets no inline style through but the one of the route announcer', async () => {
  const root = await read('node_modules/@sveltejs/kit/src/runtime/components/root.svelte');
  const styles = [...root.matchAll(/\bstyle="([^"]*)"/g)].map(([, style]) => style ?? '');
  expect(styles).toHaveLength(1);
  const hash = createHash('sha256').update(styles.join()).digest('base64');
  const config = await read('vite.config.ts');
  const allowed = /'style-src-attr': \[([^\]]*)\]/.exec(config)?.[1] ?? '';
  const sources = allowed
    .split(',')
    .map((source) => source.trim())
    .filter(Boolean);
  expect(sources).toEqual(["'unsafe-hashes'", `'sha256-${hash}'`]);
  expect(config).not.toContain('unsafe-inline');
});
