/** How every page looks: on a phone, a tablet and a desktop, in both languages, light and dark. */
import { readdirSync, writeFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { PUBLIC, SEARCHES } from '../mocked/sights.ts';
import { camera, drawnWith, keptWith, PICTURES } from './camera.ts';
import { STORIES } from './stories.ts';

const NAMES: Record<string, string> = {
  '/reset-password?token=reset_00': 'reset-password',
  '/verify-email?token=verify_00': 'verify-email',
  '/stock-notices/5b1f3c52-8f5e-4a57-9d6e-0c1a2b3c4d5e': 'stock-notice',
  '/orders/0198a000-0001-7000-8000-000000000001': 'order-missing',
};

/** Pages that are opened and looked at; the others are reached by stories. */
const PATHS = [
  ...Object.values(PUBLIC).flat(),
  ...SEARCHES.filter((path) => path.includes('?')),
  '/forgot-password',
  '/styleguide',
  '/nope',
  '/products/boom',
  ...Object.keys(NAMES),
];

const nameOf = (path: string) =>
  NAMES[path] ?? (path.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'home');

/** `src/routes`' pages, each as an expression that its addresses match. */
function routes(): [route: string, address: RegExp][] {
  const folder = new URL('../../src/routes', import.meta.url).pathname;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('+page.svelte'))
    .map((file) => `/${file.replace(/\/?\+page\.svelte$/, '')}`)
    .map((route) => [route, new RegExp(`^${route.replace(/\[[^\]]+\]/g, '[^/]+')}$`)]);
}

const isAccepting = () => ['all', 'changed'].includes(test.info().config.updateSnapshots);

/** Another browser, or other fonts, draw every page a little differently: nothing to compare with. */
async function drawnAlike(page: Page): Promise<void> {
  const here = await drawnWith(page);
  if (isAccepting()) writeFileSync(`${PICTURES}drawn-with.txt`, `${here}\n`);
  test.skip(keptWith() !== here, `the pictures were made with ${keptWith()}, this is ${here}`);
}

// The long ones first, so that no worker waits for them at the end.
for (const [what, { see }] of Object.entries(STORIES)) {
  test(`${what} look as they did`, async ({ page }) => {
    test.setTimeout(180_000);
    await drawnAlike(page);
    const seen: string[] = [];
    await see(page, camera(page, seen));
    // What a story says it shows is what the next test counts.
    const shown = seen.map((path) => path.split(/[?#]/)[0] ?? '');
    const found = routes().filter(([, address]) => shown.some((path) => address.test(path)));
    expect(found.map(([route]) => route)).toEqual(
      expect.arrayContaining(STORIES[what]?.routes ?? []),
    );
  });
}

for (const path of PATHS) {
  test(`${path} looks as it did`, async ({ page }) => {
    await drawnAlike(page);
    await camera(page, [])(nameOf(path), path);
  });
}

test('no page is without a picture', () => {
  const shown = PATHS.map((path) => path.split('?')[0] ?? '');
  const told = Object.values(STORIES).flatMap(({ routes: all }) => all);
  const missing = routes().filter(
    ([route, address]) => !told.includes(route) && !shown.some((path) => address.test(path)),
  );
  expect(missing.map(([route]) => route)).toEqual([]);
});
