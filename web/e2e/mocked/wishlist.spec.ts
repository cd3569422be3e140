/** What somebody likes stays in their browser, or with their account. */
import { expect, test } from '@playwright/test';
import { enter, fillLogin, newAccount, visit } from './people.ts';
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

test('a guest’s hearts join the account’s, and stay there', async ({ page, browser, baseURL }) => {
  const email = await newAccount(page, { wishes: ['brass-compass'] });
  await visit(page, '/products/canvas-backpack');
  await page.getByRole('button', { name: '收藏 帆布後背包' }).click();
  await visit(page, '/wishlist');
  await page.getByRole('link', { name: '登入就能在其他裝置看到' }).click();
  await fillLogin(page, email);
  await page.waitForURL('**/wishlist');
  const cards = page.getByTestId('product-card');
  await expect(cards).toHaveCount(2);
  await expect(cards.first()).toContainText('帆布後背包');
  await expect(page.getByText('存在你的帳戶裡')).toBeVisible();
  await expect(page.getByRole('link', { name: '收藏，2 件商品' })).toBeVisible();
  expect(await page.evaluate(() => localStorage.getItem('oxcart_wishlist'))).toBeNull();
  await expectAccessible(page);

  // On another device, also without scripts.
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const other = await context.newPage();
  await other.goto('/login?next=/wishlist');
  await fillLogin(other, email);
  await expect(other.getByTestId('product-card')).toHaveCount(2);
  await context.close();

  await page.getByRole('button', { name: '收藏 帆布後背包' }).click();
  await expect(page.getByRole('link', { name: '收藏，1 件商品' })).toBeVisible();
  await expect(cards).toHaveCount(2);
  await page.reload();
  await expect(cards).toHaveCount(1);

  // Signed out, the list is a guest's again, and empty.
  await page.goto('/account');
  await page.getByRole('button', { name: '登出', exact: true }).click();
  await page.waitForURL(/\/$/);
  await expect(page.getByRole('link', { name: '收藏，0 件商品' })).toBeVisible();
});

test('hearts that could not be read are there with the next page', async ({ page }) => {
  await enter(page);
  await page.route('**/wishlist/items', (route) => route.abort());
  const failed = page.waitForEvent('requestfailed', (it) => it.url().endsWith('/wishlist/items'));
  await visit(page, '/products');
  await failed;
  await expect(page.getByTestId('wish').first()).toBeHidden();
  await page.unroute('**/wishlist/items');
  await page.getByTestId('product-card').first().getByRole('link').first().click();
  await page.waitForURL('**/products/*');
  await expect(page.getByTestId('wish').first()).toBeVisible();
});

test('a heart that cannot be kept is taken back, and that is said', async ({ page }) => {
  await enter(page);
  await visit(page, '/products/table-radio');
  const heart = page.getByTestId('wish').first();
  await expect(heart).toBeVisible();
  await heart.click();
  await expect(page.getByTestId('announcer')).toHaveText('收藏沒有存成功，請再試一次。');
  await expect(heart).toHaveAttribute('aria-pressed', 'false');
});
