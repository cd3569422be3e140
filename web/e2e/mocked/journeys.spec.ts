/** What shoppers do, and what must not happen meanwhile. */
import { expect, test } from '@playwright/test';
import { addToCart, fillCheckout, placeOrder, setStock, signIn } from './shop.ts';

test('finds a product by filters that live in the address', async ({ page }) => {
  await page.goto('/products');
  await expect(page.getByTestId('product-card')).toHaveCount(12);
  await page.getByRole('link', { name: '下一頁' }).click();
  await expect(page).toHaveURL(/cursor=12/);
  await expect(page.getByTestId('product-card')).toHaveCount(6);

  await page.goto('/products');
  await page.getByRole('radio', { name: '文具選物' }).check();
  await expect(page).toHaveURL(/category=stationery/);
  await expect(page.getByTestId('product-card')).toHaveCount(3);
  await expect(page.getByRole('radio', { name: '文具選物' })).toBeFocused();
  await page.locator('#wide-sort').selectOption('price_asc');
  await expect(page).toHaveURL(/category=stationery.*sort=price_asc|sort=price_asc.*category/);
  await expect(page.getByTestId('product-card').first()).toContainText('香杉鉛筆');
  await page.goBack();
  await expect(page).toHaveURL(/category=stationery/);
  await expect(page.locator('#wide-sort')).toHaveValue('relevance');

  await page.getByRole('combobox', { name: '搜尋商品' }).fill('蠟燭');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('「蠟燭」的搜尋結果');
  await expect(page.getByTestId('product-card')).toHaveCount(1);
});

test('chooses a variant; each has an address and a stock of its own', async ({ page }) => {
  await page.goto('/products/canvas-backpack');
  await expect(page.getByTestId('stock-note')).toContainText('有庫存');
  await page.getByRole('link', { name: '墨綠' }).click();
  await expect(page).toHaveURL(/variant=CANVAS-BACKPACK-2/);
  await expect(page.getByTestId('stock-note')).toContainText('只剩 6 件');
  await page.getByRole('link', { name: '炭黑（已售完）' }).click();
  await expect(page.getByTestId('stock-note')).toContainText('已售完');
  await expect(page.getByTestId('add-to-cart')).toBeDisabled();
  await page.reload();
  await expect(page.getByTestId('stock-note')).toContainText('已售完');
});

test('cannot put more into the cart than there is', async ({ page }) => {
  await addToCart(page, 'last-lantern');
  await page.getByTestId('add-to-cart').click();
  await expect(page.getByTestId('shortage-message')).toContainText('庫存不足');
  await expect(page.getByTestId('shortage-message')).toContainText('1 件');
  await expect(page.getByTestId('cart-count')).toHaveText('1');
});

test('changes and empties the cart', async ({ page }) => {
  await addToCart(page, 'grandmas-noodle-bowl');
  await page.goto('/cart');
  await page.getByRole('button', { name: '增加數量' }).click();
  await expect(page.getByTestId('cart-count')).toHaveText('2');
  await expect(page.getByTestId('cart-line')).toContainText('NT$ 1,120');
  await page.getByRole('button', { name: /^移除/ }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('購物車是空的');
  await expect(page.getByTestId('cart-count')).toHaveText('0');
});

test('is told in the cart when the stock went down, and can take what is left', async ({
  page,
}) => {
  await setStock(page, 'CEDAR-PENCIL-1', 20);
  await addToCart(page, 'cedar-pencil');
  await page.goto('/cart');
  await page.getByRole('spinbutton').fill('5');
  await page.keyboard.press('Tab');
  await expect(page.getByTestId('cart-count')).toHaveText('5');
  await setStock(page, 'CEDAR-PENCIL-1', 2);
  await page.reload();
  await expect(page.getByTestId('shortage-message')).toContainText('目前可買 2 件');
  await expect(page.getByTestId('checkout-button')).not.toHaveAttribute('href');
  await page.getByRole('button', { name: '改為 2 件' }).click();
  await expect(page.getByTestId('cart-count')).toHaveText('2');
  await expect(page.getByTestId('shortage-message')).toHaveCount(0);
  await setStock(page, 'CEDAR-PENCIL-1', 20);
});

test('loses the last one while checking out: told what is left, nothing ordered', async ({
  page,
}) => {
  await setStock(page, 'HINOKI-CANDLE-1', 3);
  await addToCart(page, 'hinoki-candle');
  await page.goto('/checkout');
  await fillCheckout(page);
  await setStock(page, 'HINOKI-CANDLE-1', 0);
  await page.getByTestId('place-order').click();
  const message = page.getByTestId('shortage-message');
  await expect(message).toContainText('庫存不足');
  await expect(message).toContainText('目前剩 0 件');
  await expect(page).toHaveURL(/\/checkout/);
  await expect(page.getByTestId('field-address1')).toHaveValue('重慶南路一段 122 號');
  await page.getByRole('button', { name: '依目前庫存更新購物車' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('購物車是空的');
  await setStock(page, 'HINOKI-CANDLE-1', 20);
});

test('one intended order has one key: a busy shop, a reload and a double click', async ({
  page,
}) => {
  const keys: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'POST' || !request.url().includes('/checkout')) return;
    keys.push(/(?:^|&)key=([\w-]+)/.exec(request.postData() ?? '')?.[1] ?? '');
  });
  await addToCart(page, 'iron-skillet');
  await page.goto('/checkout');
  await fillCheckout(page);
  await page.getByLabel('給店家的話（選填）').fill('busy');
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('form-message')).toContainText('現在下單的人太多');

  await page.reload();
  await fillCheckout(page);
  await page.getByTestId('place-order').dblclick();
  await expect(page.getByTestId('sim-pay')).toBeVisible();
  expect(keys).toHaveLength(2);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(keys[1]).toBe(keys[0]);
});

test('the postal code follows the district, and a district its city', async ({ page }) => {
  await addToCart(page, 'thread-bound-notebook');
  await page.goto('/checkout');
  await page.getByTestId('field-city').selectOption('臺北市');
  await page.getByTestId('field-district').selectOption('大安區');
  await expect(page.getByTestId('field-postal-code')).toHaveValue('106');
  await page.getByTestId('field-city').selectOption('高雄市');
  await expect(page.getByTestId('field-district')).toHaveValue('');
  await expect(page.getByTestId('field-postal-code')).toHaveValue('');
});

test('a payment that failed can be tried again, and each attempt is another', async ({ page }) => {
  await placeOrder(page, 'bubble-tea-kit');
  await page.getByTestId('sim-fail').click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('付款沒有成功');
  await page.getByTestId('pay-button').click();
  await page.getByTestId('sim-pay').click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('付款完成，謝謝你！');
  await page.getByTestId('view-order').click();
  await expect(page.getByText('失敗', { exact: false })).toBeVisible();
});

test('a guest’s key leaves the address and still opens the order', async ({ page, browser }) => {
  await placeOrder(page, 'longan-honey');
  await page.getByTestId('sim-pay').click();
  await expect(page).toHaveURL(/\/orders\/[0-9a-f-]+\/result$/);
  await page.getByTestId('view-order').click();
  await expect(page.getByTestId('order-number')).toHaveText(/^OX/);

  const stranger = await browser.newPage();
  const response = await stranger.goto(page.url());
  expect(response?.status()).toBe(404);
  await stranger.close();
});

test('an order is cancelled by its buyer', async ({ page }) => {
  await placeOrder(page, 'longan-honey');
  await page.goBack();
  await page.getByRole('link', { name: '稍後再付，先看訂單' }).click();
  await expect(page.getByRole('timer')).toContainText(/還有 (29:\d\d|30:00)/);
  await page.getByText('取消訂單').click();
  await page.getByTestId('cancel-order').getByRole('button').click();
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'cancelled');
  await expect(page.getByTestId('pay-button')).toHaveCount(0);
});

test('a session that ran out is renewed silently', async ({ page, context }) => {
  await signIn(page);
  const cookies = await context.cookies();
  const refresh = cookies.find(({ name }) => name === 'oxcart_refresh');
  await context.clearCookies({ name: 'oxcart_access' });
  await page.goto('/account');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('王小明，你好');
  const renewed = (await context.cookies()).find(({ name }) => name === 'oxcart_refresh');
  expect(renewed?.value).not.toBe(refresh?.value);
});

test('signs in where it was needed, and out again', async ({ page }) => {
  await page.goto('/orders');
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByTestId('field-email').fill('ming@example.com');
  await page.getByTestId('field-password').fill('wrong');
  await page.getByRole('button', { name: '登入' }).click();
  await expect(page.getByTestId('form-message')).toContainText('電子郵件或密碼不正確');
  await expect(page.getByTestId('field-email')).toHaveValue('ming@example.com');
  await page.getByTestId('field-password').fill('correct-horse');
  await page.getByRole('button', { name: '登入' }).click();
  await expect(page).toHaveURL(/\/orders$/);
  await page.goto('/account');
  await page.getByRole('button', { name: '登出' }).click();
  await expect(page).toHaveURL(/\/$/);
  await expect(page.getByRole('link', { name: '登入' }).first()).toBeVisible();
});

test('changes language and stays where it is', async ({ page }) => {
  await page.goto('/products/table-radio?variant=TABLE-RADIO-1');
  await page.getByRole('link', { name: 'Switch to English' }).click();
  await expect(page).toHaveURL(/\/en\/products\/table-radio\?variant=TABLE-RADIO-1$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Table Radio');
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a guest buys all the same', async ({ page }) => {
    await page.goto('/products/indigo-breakfast-bowl');
    await page.getByTestId('add-to-cart').click();
    await expect(page).toHaveURL(/\/cart$/);
    await page.getByRole('spinbutton').fill('2');
    await page.getByRole('button', { name: '更新數量' }).click();
    await expect(page.getByTestId('cart-count')).toHaveText('2');
    await page.getByTestId('checkout-button').click();
    await fillCheckout(page);
    await page.getByTestId('place-order').click();
    await page.getByTestId('pay-button').click();
    await page.getByTestId('sim-pay').click();
    await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'paid');
  });
});

test('headers: a strict policy, and nothing of a visitor in a shared cache', async ({
  page,
  request,
}) => {
  const home = await request.get('/');
  expect(home.headers()['cache-control']).toContain('s-maxage');
  const policy = home.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("script-src 'self' 'sha256-");
  expect(policy).toContain("form-action 'self';");
  expect(policy).not.toContain("script-src 'self' 'unsafe");
  await addToCart(page, 'brass-compass');
  const mine = await page.goto('/');
  expect(mine?.headers()['cache-control']).toBe('private, no-store');
});
