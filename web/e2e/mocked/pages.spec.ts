/** Every page, in both languages, on a phone and on a desktop: it is whole, and usable by all. */
import { expect, test } from '@playwright/test';
import {
  addToCart,
  complaints,
  expectAccessible,
  expectNoSidewaysScroll,
  fillCheckout,
  placeOrder,
  PHONE,
  signIn,
  TABLET,
  VIEWS,
} from './shop.ts';
import { PUBLIC } from './sights.ts';

for (const { name, prefix, viewport } of VIEWS) {
  test.describe(name, () => {
    test.use({ viewport });

    for (const [kind, paths] of Object.entries(PUBLIC)) {
      test(`${kind}: each page is whole`, async ({ page }) => {
        test.setTimeout(120_000);
        const found = complaints(page);
        for (const path of paths) {
          await test.step(path, async () => {
            const response = await page.goto(prefix + path);
            expect(response?.status()).toBe(200);
            await expect(page.locator('html')).toHaveAttribute('lang', prefix ? 'en' : 'zh-TW');
            await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
            await expectNoSidewaysScroll(page);
            await expectAccessible(page);
            expect(found).toEqual([]);
          });
        }
      });
    }

    test('the cart and the checkout are whole with something in them', async ({ page }) => {
      const found = complaints(page);
      await addToCart(page, 'canvas-backpack', prefix);
      await expectAccessible(page);
      await page.goto(`${prefix}/cart`);
      await expect(page.getByTestId('cart-line')).toHaveCount(1);
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      await page.getByTestId('checkout-button').click();
      await page.getByTestId('place-order').click();
      await expect(page.getByTestId('field-email')).toHaveAttribute('aria-invalid', 'true');
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      await fillCheckout(page);
      await expect(page.locator('[aria-invalid]')).toHaveCount(0);
      await expectAccessible(page);
      expect(found).toEqual([]);
    });

    test('the pages of an order are whole', async ({ page }) => {
      const found = complaints(page);
      await placeOrder(page, 'longan-honey', prefix);
      await page.goBack();
      await expect(page.getByTestId('pay-button')).toBeVisible();
      await expectAccessible(page);
      await page.getByTestId('pay-button').click();
      await page.getByTestId('sim-pay-late').click();
      await expect(page).toHaveURL(new RegExp(`${prefix}/orders/[0-9a-f-]+/result$`));
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'paid');
      await expectAccessible(page);
      await page.getByTestId('view-order').click();
      await expect(page.getByTestId('order-total')).toContainText('NT$ 530');
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      expect(found).toEqual([]);
    });
  });
}

test('the pages of an account are whole', async ({ page }) => {
  const found = complaints(page);
  await signIn(page);
  await expectAccessible(page);
  await page.goto('/orders');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('還沒有訂單');
  await placeOrder(page, 'brass-compass');
  await page.goto('/orders');
  await expect(page.getByRole('link', { name: /^OX/ })).toHaveCount(1);
  await expectAccessible(page);
  expect(found).toEqual([]);
});

for (const prefix of ['', '/en']) {
  test(`pages are whole in the dark, at ${prefix}/`, async ({ page }) => {
    test.slow();
    const found = complaints(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await addToCart(page, 'canvas-backpack', prefix);
    const paths = [...Object.values(PUBLIC).flat(), '/wishlist', '/forgot-password', '/styleguide'];
    // No colour depends on the language: each page in one of them.
    for (const path of paths.filter((_, at) => at % 2 === (prefix ? 1 : 0))) {
      await page.goto(prefix + path);
      await expectAccessible(page);
    }
    expect(found).toEqual([]);
    await page.goto(`${prefix}/nope`);
    await expectAccessible(page);
  });
}

for (const [name, viewport] of [
  ['a phone', PHONE],
  ['a tablet', TABLET],
] as const) {
  test(`the style guide is whole on ${name}`, async ({ page }) => {
    const found = complaints(page);
    await page.setViewportSize(viewport);
    await page.goto('/styleguide');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Style guide');
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    expect(found).toEqual([]);
  });
}

test('what cannot be shown says so', async ({ page }) => {
  const expectPage = async (path: string, status: number, title: string) => {
    const response = await page.goto(path);
    expect(response?.status(), path).toBe(status);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
    await expectAccessible(page);
  };
  await expectPage('/nope', 404, '這一頁不在架上');
  await expectPage('/en/nope', 404, 'This page is not on the shelf');
  await expectPage('/products/nothing', 404, '找不到這件商品');
  await expectPage('/products/boom', 503, '我們這邊出了點狀況');
  await expectPage('/products?q=busy', 429, '現在人有點多');
  await expectPage(
    '/orders/0198a000-0001-7000-8000-000000000001',
    404,
    '找不到訂單，請確認連結或重新整理',
  );
  await expect(
    page.getByRole('main').getByRole('link', { name: '查詢訂單', exact: true }),
  ).toHaveAttribute('href', '/orders/lookup');
});
