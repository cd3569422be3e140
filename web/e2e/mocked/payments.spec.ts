/** Ways of paying: choosing one, codes, paying again. */
import { expect, test } from '@playwright/test';
import { checkOut, getCode, orderId, set } from './orders.ts';
import {
  addToCart,
  complaints,
  expectAccessible,
  expectNoSidewaysScroll,
  fillCheckout,
  VIEWS,
} from './shop.ts';

const CODES = ['ecpay_atm', 'ecpay_cvs', 'ecpay_barcode'] as const;

for (const { name, prefix, viewport } of VIEWS) {
  test.describe(name, () => {
    test.use({ viewport });

    for (const method of CODES) {
      test(`the page of an order with ${method} is whole`, async ({ page }) => {
        const found = complaints(page);
        await getCode(page, 'longan-honey', method, prefix);
        await expect(page.getByRole('timer')).toBeVisible();
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        await page.getByTestId('pay-otherwise').click();
        await expect(page.getByTestId('pay-button')).toBeVisible();
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        await page.emulateMedia({ colorScheme: 'dark' });
        await expectAccessible(page);
        expect(found).toEqual([]);
      });
    }

    test('the page of an order with a bank transfer is whole', async ({ page }) => {
      const found = complaints(page);
      await checkOut(page, 'longan-honey', 'bank_transfer', prefix);
      await expect(page.getByTestId('reference')).toHaveText('7K3M9QWD');
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      expect(found).toEqual([]);
    });
  });
}

test('an ATM’s account is shown, copied, and paid: the page tells', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await getCode(page, 'longan-honey', 'ecpay_atm');
  await expect(page.getByTestId('payment-code')).toMatchAriaSnapshot(`
    - heading "請轉帳到這個帳號" [level=2]
    - paragraph: /這個帳號只屬於這筆訂單/
    - paragraph:
      - text: 繳費期限
      - time: /\\d+\\/\\d+\\/\\d+ \\d+:\\d+/
    - paragraph:
      - timer: /還有 (3 天 23 小時|4 天 0 小時)/
    - term: 銀行代碼
    - definition: "812"
    - definition:
      - button "複製銀行代碼"
    - term: 帳號
    - definition: 9103 5221 7588 7271
    - definition:
      - button "複製帳號"
    - term: 金額
    - definition: NT$ 530
    - definition:
      - button "複製金額"
    - paragraph: /付款之後這一頁會自動更新/
  `);
  await page.getByRole('button', { name: '複製帳號' }).click();
  await expect(page.getByText('已複製')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('9103522175887271');

  await set(page, { pays: true });
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'paid');
  await expect(page.getByTestId('payment-code')).toHaveCount(0);
});

test('a store’s code comes with what to press at which chain', async ({ page }) => {
  await getCode(page, 'longan-honey', 'ecpay_cvs');
  await expect(page.getByTestId('payment-code').getByRole('listitem')).toHaveCount(4);
  await expect(page.getByTestId('payment-no')).toHaveText('LLL2 2117 4850 13');
});

test('barcodes are black on white, also in the dark, and wide enough to scan', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 360, height: 780 });
  await getCode(page, 'longan-honey', 'ecpay_barcode');
  const bars = page.getByTestId('barcodes').locator('svg');
  await expect(bars).toHaveCount(3);
  await expect(page.getByTestId('barcode-text')).toHaveText([
    '1511246A5',
    '3453010539000001',
    '112400000000530',
  ]);
  await expect(page.getByTestId('barcodes')).toHaveCSS('background-color', 'rgb(255, 255, 255)');
  await expect(bars.first().locator('path')).toHaveAttribute('fill', '#000');
  for (const bar of await bars.all()) {
    const box = await bar.boundingBox();
    const [, , units] = ((await bar.getAttribute('viewBox')) ?? '').split(' ').map(Number);
    // A pixel of the page a narrow bar: two or three of a telephone's own.
    expect((box?.width ?? 0) / (units ?? Infinity)).toBeGreaterThan(0.98);
  }
});

test('with a transfer, what has arrived is taken off', async ({ page }) => {
  await checkOut(page, 'longan-honey', 'bank_transfer');
  await expect(page).toHaveURL(/\/orders\/[0-9a-f-]{36}$/);
  await expect(page.getByTestId('amount-due')).toHaveText('NT$ 530');
  const { payments } = await set(page, {});
  const received = { amount: 200, currency: 'TWD' } as const;
  await set(page, { payments: payments.map((payment) => ({ ...payment, received })) });
  await page.reload();
  await expect(page.getByTestId('amount-due')).toHaveText('NT$ 330');
  await expect(page.getByTestId('payment-code')).toContainText('已收到 NT$ 200');
});

test('cash on delivery is ordered at once, and cancelled without a refund', async ({ page }) => {
  await checkOut(page, 'longan-honey', 'cash_on_delivery');
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'paid');
  await expect(page.getByTestId('payment')).toContainText('送達時付款');
  await expect(page.getByTestId('pay-button')).toHaveCount(0);
  await page.getByText('取消訂單', { exact: true }).click();
  await page.getByTestId('cancel-order').getByRole('button').click();
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'cancelled');
  await expect(page.getByTestId('refund')).toHaveCount(0);
});

test('a method that is not for the total says why, and is not chosen', async ({ page }) => {
  await addToCart(page, 'canvas-backpack');
  for (let more = 0; more < 3; more += 1) await addToCart(page, 'canvas-backpack');
  await page.goto('/checkout');
  const cvs = page.getByTestId('method-ecpay_cvs');
  await expect(cvs.getByRole('radio')).toBeDisabled();
  await expect(cvs).toContainText('這種方式最多只能付 NT$ 6,000');
  await expect(page.getByTestId('method-ecpay_atm')).toContainText('4 天內付款');
  await expect(page.getByTestId('method-ecpay_atm')).toContainText('NT$ 11 至 NT$ 49,999');
});

test('after a failed payment another way is chosen, and the code of it shown', async ({ page }) => {
  await checkOut(page, 'longan-honey', 'ecpay_credit');
  await page.getByTestId('sim-fail').click();
  await page.getByTestId('other-method').click();
  await expect(page.getByTestId('pay-area')).toContainText('上一次付款沒有成功');
  await expectAccessible(page);
  await page.getByTestId('method-ecpay_atm').getByRole('radio').check();
  await page.getByTestId('pay-button').click();
  await page.getByTestId('sim-issue').click();
  await page.getByTestId('sim-back').click();
  await expect(page.getByTestId('account')).toHaveText('9103 5221 7588 7271');
  await expect(page.getByTestId('payment')).toHaveCount(2);

  // And back to the card, while the account can still be paid.
  await page.getByTestId('pay-otherwise').click();
  await page.getByTestId('method-ecpay_credit').getByRole('radio').check();
  await page.getByTestId('pay-button').click();
  await page.getByTestId('sim-pay').click();
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'paid');
});

test('a code that was not fetched is asked for again, as the same attempt', async ({ page }) => {
  await checkOut(page, 'longan-honey', 'ecpay_cvs');
  await expect(page.getByTestId('sim-issue')).toBeVisible();
  await page.goBack();
  await page.getByRole('link', { name: '稍後再付，先看訂單' }).click();
  await expect(page.getByTestId('code-awaited')).toBeVisible();
  await expectAccessible(page);
  const before = await set(page, {});
  await page.getByRole('link', { name: '繼續前往綠界' }).click();
  await expect(page.getByRole('button', { name: '前往付款' })).toBeHidden();
  const after = await set(page, {});
  expect(after.payments.map(({ id }) => id)).toEqual(before.payments.map(({ id }) => id));
});

test('an address alone chooses no other way of paying', async ({ page }) => {
  await checkOut(page, 'longan-honey', 'ecpay_credit');
  await page.getByTestId('sim-fail').click();
  const id = orderId(page);
  await page.goto(`/orders/${id}/pay?attempt=1&payment_method=cash_on_delivery`);
  await expect(page.getByTestId('sim-pay')).toBeVisible();
  await page.goto(`/orders/${id}`);
  const { payments, status } = await set(page, {});
  expect(status).toBe('pending_payment');
  expect(payments.map(({ method }) => method)).toEqual(['ecpay_credit', 'ecpay_credit']);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a code is got and read all the same', async ({ page }) => {
    await page.goto('/products/longan-honey');
    await page.getByTestId('add-to-cart').click();
    await page.getByTestId('checkout-button').click();
    await fillCheckout(page);
    await page.getByTestId('method-ecpay_barcode').getByRole('radio').check();
    await page.getByTestId('place-order').click();
    await page.getByTestId('pay-button').click();
    await page.getByTestId('sim-issue').click();
    await page.getByTestId('sim-back').click();
    await expect(page.getByTestId('barcodes').locator('svg')).toHaveCount(3);
    await page.getByTestId('pay-otherwise').click();
    await page.getByTestId('method-bank_transfer').getByRole('radio').check();
    await page.getByTestId('pay-button').click();
    await expect(page.getByTestId('reference')).toHaveText('7K3M9QWD');
  });
});
