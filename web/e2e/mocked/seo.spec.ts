/** What search engines and those who share a page get to see. */
import { expect, test, type Page } from '@playwright/test';

const meta = (page: Page, key: string) =>
  page.locator(`meta[property="${key}"], meta[name="${key}"]`).getAttribute('content');
const canonical = (page: Page) => page.locator('link[rel=canonical]').getAttribute('href');

async function structured(page: Page): Promise<Record<string, Record<string, unknown>>> {
  const texts = await page.locator('script[type="application/ld+json"]').allTextContents();
  const things = texts.map((text) => JSON.parse(text) as Record<string, unknown>);
  return Object.fromEntries(things.map((thing) => [String(thing['@type']), thing]));
}

const LISTED = [
  ['/', '/', '/en/'],
  ['/products', '/products', '/en/products'],
  [
    '/products?category=stationery&sort=price_asc',
    '/products?category=stationery',
    '/en/products?category=stationery',
  ],
  [
    '/products/canvas-backpack?variant=CANVAS-BACKPACK-2',
    '/products/canvas-backpack',
    '/en/products/canvas-backpack',
  ],
  ['/help/stock', '/help/stock', '/en/help/stock'],
  ['/legal/returns', '/legal/returns', '/en/legal/returns'],
] as const;

for (const [path, zh, en] of LISTED) {
  test(`${path} has one address in each language`, async ({ page, baseURL }) => {
    for (const [prefix, own] of [
      ['', zh],
      ['/en', en],
    ] as const) {
      await page.goto(prefix + path);
      expect(await canonical(page)).toBe(baseURL + own);
      expect(await meta(page, 'og:url')).toBe(baseURL + own);
      const alternates = await page
        .locator('link[rel=alternate][hreflang]')
        .evaluateAll((links) =>
          links.map((link) => [link.getAttribute('hreflang'), link.getAttribute('href')]),
        );
      expect(alternates).toEqual([
        ['zh-TW', baseURL + zh],
        ['en', baseURL + en],
        ['x-default', baseURL + zh],
      ]);
      await expect(page.locator('meta[name=robots]')).toHaveCount(0);
    }
  });
}

test('titles and descriptions tell the pages apart, in the page’s language', async ({ page }) => {
  const seen = new Set<string>();
  for (const path of LISTED.flatMap(([path]) => [path, `/en${path}`])) {
    await page.goto(path);
    const title = await page.title();
    const description = (await meta(page, 'description')) ?? '';
    expect(description.length, path).toBeGreaterThan(4);
    expect(await meta(page, 'og:description')).toBe(description);
    expect(/\p{Script=Han}/u.test(description), path).toBe(!path.startsWith('/en'));
    seen.add(`${title}\n${description}`);
  }
  expect(seen.size).toBe(LISTED.length * 2);
});

for (const path of [
  '/search?q=pen',
  '/search',
  '/products?min_price=100',
  '/products?cursor=12',
  '/products?category=no-such-shelf',
]) {
  test(`${path} is for people only`, async ({ page }) => {
    await page.goto(path);
    expect(await meta(page, 'robots')).toBe('noindex, follow');
    await expect(page.locator('link[rel=canonical]')).toHaveCount(0);
  });
}

for (const path of ['/cart', '/checkout', '/login', '/nope', '/wishlist', '/styleguide']) {
  test(`${path} is nobody else’s`, async ({ page }) => {
    await page.goto(path);
    expect(await meta(page, 'robots')).toBe('noindex');
    await expect(page.locator('link[rel=canonical], meta[property^="og:"]')).toHaveCount(0);
  });
}

test('a product is shared with its own picture, the shop with its own', async ({
  page,
  baseURL,
}) => {
  await page.goto('/en/products/canvas-backpack');
  expect(await meta(page, 'og:type')).toBe('product');
  expect(await meta(page, 'og:locale')).toBe('en_US');
  expect(await meta(page, 'og:locale:alternate')).toBe('zh_TW');
  expect(await meta(page, 'og:image')).toBe(`${baseURL}/media/canvas-backpack-1.svg`);
  expect(await meta(page, 'og:image:alt')).toBe('Canvas Backpack, picture 1');
  await page.goto('/');
  expect(await meta(page, 'og:image')).toMatch(/^http.*hero\..*\.webp$/);
  const picture = await page.request.get((await meta(page, 'og:image')) ?? '');
  expect(picture.ok()).toBe(true);
});

test('a product says what each of its forms costs, and whether it can be bought', async ({
  page,
  baseURL,
}) => {
  await page.goto('/products/canvas-backpack');
  const { ProductGroup, BreadcrumbList } = await structured(page);
  const offers = (ProductGroup?.hasVariant as { offers: Record<string, unknown> }[]).map(
    ({ offers: { price, priceCurrency, availability } }) => [price, priceCurrency, availability],
  );
  expect(offers).toEqual([
    ['2480', 'TWD', 'https://schema.org/InStock'],
    ['2480', 'TWD', 'https://schema.org/LimitedAvailability'],
    ['2480', 'TWD', 'https://schema.org/SoldOut'],
  ]);
  expect(BreadcrumbList?.itemListElement).toEqual([
    { '@type': 'ListItem', position: 1, name: '首頁', item: `${baseURL}/` },
    {
      '@type': 'ListItem',
      position: 2,
      name: '戶外旅行',
      item: `${baseURL}/products?category=outdoor-travel`,
    },
    { '@type': 'ListItem', position: 3, name: '帆布後背包' },
  ]);

  await page.goto('/en/products/brass-compass');
  expect((await structured(page)).Product).toMatchObject({
    name: 'Brass Compass',
    sku: 'BRASS-COMPASS-1',
    offers: { '@type': 'Offer', price: '1450', availability: 'https://schema.org/InStock' },
  });
  // One page, one product: what was there before has gone.
  await page.getByTestId('product-card').first().getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1 })).not.toHaveText('Brass Compass');
  await expect(page.locator('script[type="application/ld+json"]')).toHaveCount(2);
});

test('the home page says who it is and how it is searched', async ({ page, baseURL }) => {
  await page.goto('/en');
  expect((await structured(page)).WebSite).toMatchObject({
    url: `${baseURL}/en/`,
    inLanguage: 'en',
    potentialAction: { target: `${baseURL}/en/search?q={search_term_string}` },
  });
});

test('robots.txt leads to the sitemap, and keeps them out of what is private', async ({
  request,
  baseURL,
}) => {
  const answer = await request.get('/robots.txt');
  expect(answer.headers()['content-type']).toContain('text/plain');
  const lines = (await answer.text()).split('\n');
  expect(lines[0]).toBe('User-agent: *');
  expect(lines).toEqual(expect.arrayContaining(['Disallow: /cart', 'Disallow: /en/checkout']));
  expect(lines).toContain(`Sitemap: ${baseURL}/sitemap.xml`);
});

test('the sitemap lists every page that is there, and each of them is listed', async ({
  page,
  request,
  baseURL,
}) => {
  const addresses = async (path: string) => {
    const answer = await request.get(path);
    expect(answer.status(), path).toBe(200);
    expect(answer.headers()['content-type']).toContain('application/xml');
    return [...(await answer.text()).matchAll(/<loc>([^<]*)<\/loc>/g)].map(([, loc]) => loc ?? '');
  };
  const maps = await addresses('/sitemap.xml');
  expect(maps).toHaveLength(7);
  const found = (await Promise.all(maps.map((map) => addresses(map)))).flat();
  expect(new Set(found).size).toBe(found.length);
  expect(found.filter((it) => it.includes('/en/products/'))).toHaveLength(18);
  for (const address of [...found.slice(0, 40), ...found.slice(-4)]) {
    expect(address).toContain(`${baseURL}/`);
    const answer = await page.goto(address);
    expect(answer?.status(), address).toBe(200);
    expect(await canonical(page)).toBe(address);
  }
  expect((await request.get('/sitemaps/products/no-such-shelf.xml')).status()).toBe(404);
});
