/** What somebody likes stays in their browser. */
import { expect, test } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll, PHONE } from './shop.ts';

test('hearts are kept over pages and reloads, and lead back to the products', async ({ page }) => {
  await page.goto('/products');
  await page.getByRole('button', { name: '收藏 帆布後背包' }).click();
  await page.getByRole('button', { name: '收藏 阿嬤的麵碗' }).click();
  await page.goto('/products/canvas-backpack');
  const heart = page.getByRole('button', { name: '收藏 帆布後背包', pressed: true });
  await expect(heart).toBeVisible();
  await page.getByRole('link', { name: '收藏，2 件商品' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('收藏清單');
  const cards = page.getByTestId('product-card');
  await expect(cards).toHaveCount(2);
  await expect(cards.first()).toContainText('阿嬤的麵碗');
  await expectAccessible(page);

  // Taken off, it can still be put on again until the page is left.
  await page.getByRole('button', { name: '收藏 阿嬤的麵碗' }).click();
  await expect(page.getByRole('link', { name: '收藏，1 件商品' })).toBeVisible();
  await expect(cards).toHaveCount(2);
  await page.reload();
  await expect(cards).toHaveCount(1);
  await cards.getByRole('link').click();
  await expect(page).toHaveURL(/\/products\/canvas-backpack$/);
});

test('other windows follow', async ({ page, context }) => {
  const other = await context.newPage();
  await page.goto('/products/canvas-backpack');
  await other.goto('/products/canvas-backpack');
  await page.getByRole('button', { name: '收藏 帆布後背包' }).click();
  await expect(other.getByRole('button', { name: '收藏 帆布後背包', pressed: true })).toBeVisible();
});

test('an empty list leads on, a failed one can be tried again, what is gone is told', async ({
  page,
}) => {
  await page.setViewportSize(PHONE);
  await page.goto('/en/wishlist');
  await expect(page.getByRole('main')).toMatchAriaSnapshot(`
    - heading "Nothing saved yet" [level=1]
    - paragraph: Press the heart on anything you like, and it stays here.
    - link "Browse everything"
  `);
  await expectAccessible(page);
  await page.evaluate(() =>
    localStorage.setItem('oxcart_wishlist', JSON.stringify(['brass-compass', 'gone', '<b>'])),
  );
  await page.route('**/api/products/brass-compass', (route) => route.abort());
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    'The wish list could not be loaded',
  );
  await expectAccessible(page);
  await page.unroute('**/api/products/brass-compass');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByTestId('product-card')).toHaveCount(1);
  await expect(page.getByText('1 saved item is no longer sold.')).toBeVisible();
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Tidy the list' }).click();
  await expect(page.getByText('no longer sold')).toHaveCount(0);
  expect(await page.evaluate(() => localStorage.getItem('oxcart_wishlist'))).toBe(
    '["brass-compass"]',
  );
});

test('without scripts there are no hearts that do nothing', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto('/products');
  await expect(page.getByTestId('wish').first()).toBeHidden();
  // Playwright stops the scripts, but its parser goes on as if there were some.
  const html = await (await page.request.get('/wishlist')).text();
  expect(html).toMatch(/<noscript>.*需要允許網頁執行指令碼.*<\/noscript>/s);
  await context.close();
});
