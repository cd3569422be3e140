/** Categories as a tree, addresses that were given up, descriptions with formatting. */
import { expect, test } from '@playwright/test';
import { PHONE } from './shop.ts';

for (const prefix of ['', '/en']) {
  test(`addresses that were given up lead on, in the same language: ${prefix || '/'}`, async ({
    request,
  }) => {
    for (const [from, to] of [
      ['/products/noodle-bowl?variant=1', '/products/grandmas-noodle-bowl?variant=1'],
      ['/products?category=kitchen&sort=newest', '/products?category=kitchen-table&sort=newest'],
    ]) {
      const answer = await request.get(`${prefix}${from}`, { maxRedirects: 0 });
      expect(answer.status()).toBe(301);
      const location = new URL(answer.headers()['location'] ?? '', 'http://shop.example');
      expect(location.pathname + location.search).toBe(`${prefix}${to}`);
    }
  });
}

test('a category shows what lies in it, and the way back', async ({ page }) => {
  await page.setViewportSize(PHONE);
  await page.goto('/products?category=kitchen-table');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('廚房與餐桌');
  const deeper = page.getByRole('navigation', { name: '「廚房與餐桌」的細分類' });
  await expect(deeper.getByRole('link')).toHaveCount(2);
  await expect(page.getByRole('link', { name: '阿嬤的麵碗' })).toBeVisible();
  await deeper.getByRole('link', { name: '碗盤餐具' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('碗盤餐具');
  const trail = page.getByRole('navigation', { name: '目前位置' }).getByRole('listitem');
  await expect(trail.filter({ hasText: '廚房與餐桌' }).getByRole('link')).toHaveAttribute(
    'href',
    '/products?category=kitchen-table',
  );
});

test('a product tells the whole way to it, and shows formatting', async ({ page }) => {
  await page.goto('/products/grandmas-noodle-bowl');
  const trail = page.getByRole('navigation', { name: '目前位置' }).getByRole('listitem');
  for (const name of ['廚房與餐桌', '碗盤餐具']) {
    await expect(trail.filter({ hasText: name }).getByRole('link')).toBeVisible();
  }
  await page.goto('/en/products/table-radio');
  const about = page.getByRole('region', { name: /about/i });
  await expect(about.getByRole('heading', { name: 'Details' })).toBeVisible();
  await expect(about.getByText('from start to finish')).toHaveCSS('font-weight', '700');
});
