/** What is sold out can be waited for, and the waiting can be ended. */
import { expect, test } from '@playwright/test';
import { enter, visit } from './people.ts';
import { complaints, expectAccessible, expectNoSidewaysScroll, setStock, VIEWS } from './shop.ts';

const MOONCAKE = '/products/mid-autumn-mooncake';

for (const { name, prefix, viewport } of VIEWS) {
  test(`somebody asks to be told, and to be forgotten: ${name}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const found = complaints(page);
    await visit(page, prefix + MOONCAKE);
    const form = page.getByTestId('notify');
    await form.getByTestId('notify-email').fill('a@example.com');
    await form.getByRole('button').click();
    await expect(page.getByTestId('notify-noted')).toContainText('a@example.com');
    await expect(form).toHaveCount(0);
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);

    await visit(page, `${prefix}/stock-notices/5b1f3c52-8f5e-4a57-9d6e-0c1a2b3c4d5e`);
    await expectAccessible(page);
    await page.getByRole('main').getByRole('button').click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(
      prefix ? 'Stopped' : '已經停止',
    );
    await expectAccessible(page);
    expect(found).toEqual([]);
  });
}

test('what is refused is said, and what was typed stays', async ({ page }) => {
  await enter(page);
  await visit(page, MOONCAKE);
  const email = page.getByTestId('notify-email');
  // Whoever is signed in need not type it.
  await expect(email).toHaveValue(/@example\.com$/);
  await email.fill('much@example.com');
  await page.getByTestId('notify').getByRole('button').click();
  await expect(page.getByRole('alert')).toHaveText(
    '請確認電子郵件；一個信箱最多同時等 20 項商品。',
  );
  await expect(email).toHaveValue('much@example.com');
  await expect(email).toHaveAttribute('aria-invalid', 'true');
  await expectAccessible(page);
});

test('what came back meanwhile can be bought', async ({ page }) => {
  await setStock(page, 'ROUND-PORCELAIN-TEAPOT-1', 0);
  await visit(page, '/products/round-porcelain-teapot');
  await expect(page.getByTestId('notify')).toBeVisible();
  await setStock(page, 'ROUND-PORCELAIN-TEAPOT-1', 24);
  await page.getByTestId('notify-email').fill('a@example.com');
  await page.getByTestId('notify').getByRole('button').click();
  await expect(page.getByTestId('notify')).toHaveCount(0);
  await expect(page.getByTestId('add-to-cart')).toBeEnabled();
});

test('it works without scripts', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto(MOONCAKE);
  await page.getByTestId('notify-email').fill('a@example.com');
  await page.getByTestId('notify').getByRole('button').click();
  await expect(page.getByTestId('notify-noted')).toContainText('a@example.com');
  await context.close();
});
