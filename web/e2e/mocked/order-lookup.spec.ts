/** A guest finds the order again, without the link in the mail. */
import { expect, test } from '@playwright/test';
import { submit, visit } from './people.ts';
import { expectAccessible, expectNoSidewaysScroll, PHONE, placeOrder } from './shop.ts';

for (const prefix of ['', '/en']) {
  test(`by its number and what it was placed with, at ${prefix}/`, async ({ page, browser }) => {
    await placeOrder(page, 'longan-honey', prefix);
    await page.getByTestId('sim-pay').click();
    await page.getByTestId('view-order').click();
    const number = (await page.getByTestId('order-number').textContent()) ?? '';

    const context = await browser.newContext({ viewport: PHONE, baseURL: page.url() });
    const other = await context.newPage();
    await visit(other, `${prefix}/help`);
    await other
      .getByRole('main')
      .getByRole('link', { name: /查詢訂單|Find an order/ })
      .click();
    await expect(other).toHaveURL(new RegExp(`${prefix}/orders/lookup$`));
    await other.getByTestId('field-number').fill(number);
    await other.getByTestId('field-contact').fill('somebody@example.com');
    await submit(other);
    await expect(other.getByTestId('form-message')).toContainText(
      /找不到符合的訂單|No order matches/,
    );
    // What was typed stays, and nothing says which of the two is wrong.
    await expect(other.getByTestId('field-number')).toHaveValue(number);
    await expect(other.locator('[aria-invalid]')).toHaveCount(0);
    await expectAccessible(other);
    await expectNoSidewaysScroll(other);

    await other.getByTestId('field-contact').fill('+886 912 345 678');
    await submit(other);
    await expect(other.getByTestId('order-number')).toHaveText(number);
    // The key is in a cookie: the page can be opened again, and its address shows no key.
    expect(other.url()).not.toContain('access_token');
    await other.reload();
    await expect(other.getByTestId('order-number')).toHaveText(number);
    await context.close();
  });
}

test('what cannot be looked for is said beside its field', async ({ page }) => {
  await visit(page, '/orders');
  await page.getByRole('main').getByRole('link', { name: '查詢訂單' }).click();
  await page.getByTestId('field-number').fill('nonsense');
  await page.getByTestId('field-contact').fill('a@example.com');
  await submit(page);
  await expect(page.getByTestId('field-number')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByText('請輸入訂單編號')).toBeVisible();
  await page.getByTestId('field-contact').fill('王小明');
  await submit(page);
  await expect(page.getByTestId('field-contact')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByTestId('field-number')).not.toHaveAttribute('aria-invalid');
  await expectAccessible(page);
});
