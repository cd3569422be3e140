/** What a shopper does in the browser. */
import { expect, type Page } from '@playwright/test';
import { hydrated, visit } from '../mocked/people.ts';
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
  await visit(page, `/products/${product.slug}?variant=${encodeURIComponent(variant.sku)}`);
  const count = Number(await page.getByTestId('cart-count').textContent());
  await page.getByTestId('add-to-cart').click();
  await expect(page.getByTestId('cart-count')).toHaveText(String(count + 1));
}

export async function fillCheckout(page: Page, email: string): Promise<void> {
  await visit(page, '/cart');
  await page.getByTestId('checkout-button').click();
  await page.waitForURL('**/checkout');
  await page.getByTestId('field-email').fill(email);
  await page.getByTestId('field-name').fill('王小明');
  await page.getByTestId('field-phone').fill('0912345678');
  await page.getByTestId('field-city').selectOption('臺北市');
  await page.getByTestId('field-district').selectOption('中正區');
  await page.getByTestId('field-address1').fill('重慶南路一段 122 號');
}

/** Chooses a way of paying, at the checkout or on an order's page. */
export async function choose(page: Page, method: string): Promise<void> {
  await hydrated(page);
  await page.getByTestId(`method-${method}`).getByRole('radio').check();
}

/** Pays on the provider's page, through its second step, and comes back. */
export async function pay(page: Page): Promise<void> {
  await page.getByTestId('sim-pay').click();
  await page.getByTestId('sim-3d-confirm').click();
  await expect(page).toHaveURL(/\/orders\/[0-9a-f-]{36}\/result/);
}

/** Where the code that the provider's page shows can be paid. */
export async function counterOf(page: Page): Promise<string> {
  const link = await page.getByTestId('sim-counter').getAttribute('href');
  if (!link) throw new Error('the provider’s page leads to no counter');
  return new URL(link, page.url()).href;
}

/** Pays a code at the bank or the store, in a window of its own, which stays until it has paid. */
export async function payAtCounter(page: Page, counterUrl: string): Promise<void> {
  const bank = await page.context().newPage();
  await bank.goto(counterUrl);
  await bank.getByTestId('sim-counter-pay').click();
  await expect(bank.getByTestId('sim-state')).toHaveAttribute('data-state', 'paid');
  await bank.close();
}
