/** What people do with a page before its scripts have come. */
import { expect, test, type Page } from '@playwright/test';
import { enter, HOME, WORK } from './people.ts';
import { addToCart, PHONE } from './shop.ts';

/** From now on, scripts come when they are let. */
async function holdScripts(page: Page): Promise<() => Promise<void>> {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route(/\/_app\/immutable\/.*\.js$/, async (route) => {
    await released;
    await route.continue();
  });
  return async () => {
    release();
    await expect(page.locator('html[data-hydrated]')).toBeAttached();
  };
}

test.describe('on a phone', () => {
  test.use({ viewport: PHONE });

  test('the menu stays open', async ({ page }) => {
    const release = await holdScripts(page);
    await page.goto('/en', { waitUntil: 'commit' });
    const menu = page.locator('#menu');
    await menu.locator('summary').click();
    await expect(menu).toHaveAttribute('open');
    await release();
    await expect(menu).toHaveAttribute('open');
    await page.keyboard.press('Escape');
    await expect(menu).not.toHaveAttribute('open');
    await menu.locator('summary').click();
    await menu.getByRole('link', { name: 'Wish list' }).click();
    await expect(page).toHaveURL('/en/wishlist');
    await expect(menu).not.toHaveAttribute('open');
  });
});

test('a kept address that was chosen fills the whole form', async ({ page }) => {
  await enter(page, { addresses: [WORK, HOME] });
  await addToCart(page, 'cedar-pencil');
  const release = await holdScripts(page);
  await page.goto('/checkout', { waitUntil: 'commit' });
  await page.getByTestId('saved-addresses').selectOption('work');
  await release();
  await expect(page.getByTestId('field-name')).toHaveValue('陳美華');
  await expect(page.getByTestId('field-city')).toHaveValue('高雄市');
  await expect(page.getByTestId('field-district')).toHaveValue('前鎮區');
  await expect(page.getByTestId('field-postal-code')).toHaveValue('806');
  await expect(page.getByTestId('saved-addresses')).toHaveValue('work');
});

test('pictures come before scripts, which come without being asked for', async ({ page }) => {
  await page.goto('/products/canvas-backpack');
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  const order = await page.evaluate(() => {
    const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const begin = (pattern: RegExp) =>
      Math.min(...entries.filter(({ name }) => pattern.test(name)).map((it) => it.startTime));
    return { picture: begin(/\/media\//), script: begin(/\.js$/) };
  });
  expect(order.picture).toBeLessThan(order.script);
});
