import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { visit } from './people.ts';

export const PHONE = { width: 360, height: 780 };
export const TABLET = { width: 768, height: 1024 };
export const DESKTOP = { width: 1440, height: 900 };

/**
 * Two languages, two widths, in pairs: what axe finds comes from a page's structure and colours, of
 * which each language and each width is seen once. How far texts run depends on both together:
 * `expectNoSidewaysScroll` looks at every width in either language.
 */
export const VIEWS = [
  { name: 'zh-TW on a phone', prefix: '', viewport: PHONE },
  { name: 'en on a desktop', prefix: '/en', viewport: DESKTOP },
] as const;

/** Collects what the browser complains about: script errors, and breaches of the page's policy. */
export function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on('pageerror', (error) => found.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') found.push(message.text());
  });
  return found;
}

export async function expectAccessible(page: Page): Promise<void> {
  // Half under the header that stays, a link would count as a small one.
  const top = await page.evaluate(() => scrollY);
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
  const { violations } = await new AxeBuilder({ page })
    // No page has frames, so nothing has to be put together in a tab of its own.
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  const told = violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ html }) => html) }));
  expect(told).toEqual([]);
  await page.evaluate((y) => scrollTo({ top: y, behavior: 'instant' }), top);
}

/** On the screen as it is, and on the others. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const own = page.viewportSize() ?? DESKTOP;
  const others = [PHONE, TABLET, DESKTOP].filter(({ width }) => width !== own.width);
  const top = await page.evaluate(() => scrollY);
  for (const size of [...others, own]) {
    await page.setViewportSize(size);
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(over, `pixels wider than a screen of ${size.width}`).toBeLessThanOrEqual(0);
  }
  // Where it was before: a page that has moved lies under its header with other parts.
  await page.evaluate((y) => scrollTo({ top: y, behavior: 'instant' }), top);
}

export async function addToCart(page: Page, slug: string, prefix = ''): Promise<void> {
  await visit(page, `${prefix}/products/${slug}`);
  const count = Number(await page.getByTestId('cart-count').textContent());
  await page.getByTestId('add-to-cart').click();
  await expect(page.getByTestId('cart-count')).toHaveText(String(count + 1));
}

export async function fillCheckout(page: Page): Promise<void> {
  await page.getByTestId('field-email').fill('guest@example.com');
  await page.getByTestId('field-name').fill('王小明');
  await page.getByTestId('field-phone').fill('0912-345-678');
  await page.getByTestId('field-city').selectOption('臺北市');
  await page.getByTestId('field-district').selectOption('中正區');
  await page.getByTestId('field-address1').fill('重慶南路一段 122 號');
}

export async function setStock(page: Page, sku: string, available: number): Promise<void> {
  const answer = await page.request.post('/api/dev/stock', { data: { sku, available } });
  expect(answer.ok()).toBe(true);
}

/** Leaves the shop's own pages for the provider's, as a buyer does. */
export async function placeOrder(page: Page, slug: string, prefix = ''): Promise<void> {
  await addToCart(page, slug, prefix);
  await visit(page, `${prefix}/checkout`);
  await fillCheckout(page);
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('sim-pay')).toBeVisible();
}

export async function signIn(page: Page): Promise<void> {
  await page.goto('/login');
  await page.getByTestId('field-email').fill('ming@example.com');
  await page.getByTestId('field-password').fill('correct-horse');
  await page.getByRole('button', { name: '登入' }).click();
  await page.waitForURL('**/account');
}
