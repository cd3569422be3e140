/** What a shopper does in the browser. */
import { expect, type Page } from '@playwright/test';
import type { Offer } from './stack.ts';

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 360, height: 780 };
const SCREENS = 'test-results/screens';

/** Pictures further down are fetched only when they come near: asks for all of them. */
async function loadPictures(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const image of document.images) image.loading = 'eager';
  });
  const missing = () =>
    page.evaluate(() => [...document.images].filter((image) => !image.complete).length);
  await expect.poll(missing).toBe(0);
}

/** The page as it is, on a phone and on a desktop. */
export async function screens(page: Page, name: string): Promise<void> {
  const before = page.viewportSize() ?? DESKTOP;
  for (const [device, size] of [
    ['phone', PHONE],
    ['desktop', DESKTOP],
  ] as const) {
    await page.setViewportSize(size);
    await loadPictures(page);
    await page.screenshot({ path: `${SCREENS}/${name}-${device}.png`, fullPage: true });
  }
  await page.setViewportSize(before);
}

export async function addToCart(page: Page, { product, variant }: Offer): Promise<void> {
  await page.goto(`/products/${product.slug}?variant=${encodeURIComponent(variant.sku)}`);
  const count = Number(await page.getByTestId('cart-count').textContent());
  await page.getByTestId('add-to-cart').click();
  await expect(page.getByTestId('cart-count')).toHaveText(String(count + 1));
}

export async function fillCheckout(page: Page, email: string): Promise<void> {
  await page.goto('/cart');
  await page.getByTestId('checkout-button').click();
  await page.getByTestId('field-email').fill(email);
  await page.getByTestId('field-name').fill('王小明');
  await page.getByTestId('field-phone').fill('0912345678');
  await page.getByTestId('field-city').selectOption('臺北市');
  await page.getByTestId('field-district').selectOption('中正區');
  await page.getByTestId('field-address1').fill('重慶南路一段 122 號');
}

/** Chooses a way of paying, at the checkout or on an order's page. */
export async function choose(page: Page, method: string): Promise<void> {
  await page.getByTestId(`method-${method}`).getByRole('radio').check();
}

/** Pays on the provider's page, through its second step, and comes back. */
export async function pay(page: Page): Promise<void> {
  await page.getByTestId('sim-pay').click();
  await page.getByTestId('sim-3d-confirm').click();
  await expect(page).toHaveURL(/\/orders\/[0-9a-f-]{36}\/result/);
}
