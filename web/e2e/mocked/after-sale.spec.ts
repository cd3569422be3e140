/** Orders after payment: cancelling, refunds, parcels, returns. */
import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { buy, openCancel, orderId, refundOf, set, ship } from './orders.ts';
import {
  complaints,
  expectAccessible,
  expectNoSidewaysScroll,
  fillCheckout,
  signIn,
  VIEWS,
} from './shop.ts';

const PHOTO = new URL('../../src/lib/assets/hero.webp', import.meta.url).pathname;

async function whole(page: Page): Promise<void> {
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
}

async function fillAccount(page: Page): Promise<void> {
  await page.getByTestId('field-bank-code').fill('812');
  await page.getByTestId('field-account-number').fill('2000-1234-5678-90');
  await page.getByTestId('field-holder').fill('王小明');
}

async function askReturn(page: Page): Promise<void> {
  await page.getByTestId('ask-return').click();
  await page.getByTestId('returnable').getByRole('combobox').selectOption('1');
  await page.locator('input[name="cause"][value="damaged"]').check();
  await page.getByRole('textbox').fill('蓋子裂了');
}

for (const { name, prefix, viewport } of VIEWS) {
  test.describe(name, () => {
    test.use({ viewport });

    test('the pages of refunds are whole', async ({ page }) => {
      test.slow();
      const found = complaints(page);
      await buy(page, 'longan-honey', 'ecpay_atm', prefix);
      await openCancel(page);
      await whole(page);
      await page.getByTestId('ask-refund').click();
      await page.getByTestId('refund-form').getByRole('button').click();
      await expect(page.getByTestId('field-reason')).toHaveAttribute('aria-invalid', 'true');
      await whole(page);
      await page.goBack();
      await openCancel(page);
      await page.getByTestId('cancel-order').getByRole('button').click();
      await expect(page.getByTestId('refund-account')).toBeVisible();
      await whole(page);
      await fillAccount(page);
      await page.getByTestId('refund-account-form').getByRole('button').click();
      await expect(page.getByTestId('refund')).toContainText('7890');
      await whole(page);
      // A form that lacks something is answered with 422, which the browser notes.
      expect(found.filter((line) => !line.includes('422'))).toEqual([]);
    });

    test('the pages of parcels and returns are whole', async ({ page }) => {
      test.slow();
      const found = complaints(page);
      await buy(page, 'longan-honey', 'ecpay_credit', prefix);
      await ship(page);
      await page.reload();
      await expect(page.getByTestId('parcel')).toHaveCount(2);
      await whole(page);
      await askReturn(page);
      await whole(page);
      await page.getByTestId('return-form').getByRole('button').click();
      await expect(page.getByTestId('return-status')).toHaveAttribute('data-status', 'requested');
      await whole(page);
      await page.getByTestId('field-picture').setInputFiles(PHOTO);
      await page.getByTestId('add-picture').click();
      await expect(page.getByTestId('picture')).toHaveCount(1);
      await whole(page);
      await page.emulateMedia({ colorScheme: 'dark' });
      await expectAccessible(page);
      await page.goto(`${prefix}/orders/${orderId(page)}`);
      await expect(page.getByTestId('return')).toHaveCount(1);
      await whole(page);
      expect(found).toEqual([]);
    });
  });
}

test('a paid order is cancelled: the money goes back to the card', async ({ page }) => {
  await buy(page, 'longan-honey');
  await page.getByText('取消訂單並退款').click();
  await expect(page.getByText('NT$ 530 會全額退回原來付款的卡片')).toBeVisible();
  await page.getByTestId('cancel-order').getByRole('button').click();
  await expect(page.getByRole('main').getByRole('status')).toContainText('款項會全額退回');
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'refund_requested');
  await expect(page.getByTestId('refund')).toHaveAttribute('data-status', 'processing');
  await expect(page.getByTestId('refund')).toContainText('訂單取消');
  await expect(page.getByTestId('refund-account')).toHaveCount(0);
  await expect(page.getByTestId('cancel-order')).toHaveCount(0);

  // And the page follows it.
  await set(page, { status: 'refunded' });
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'refunded');
});

test('what was paid at a store is transferred: the account is asked for, once', async ({
  page,
}) => {
  await buy(page, 'longan-honey', 'ecpay_cvs');
  await page.getByText('取消訂單並退款').click();
  await expect(page.getByText('這種付款方式要用轉帳退款')).toBeVisible();
  await page.getByTestId('cancel-order').getByRole('button').click();
  const account = page.getByTestId('refund-account');
  await account.getByRole('button').click();
  await expect(page.getByText('請輸入 3 碼銀行代碼')).toBeVisible();
  await expect(page.getByTestId('field-bank-code')).toBeFocused();
  await fillAccount(page);
  await account.getByRole('button').click();
  await expect(page.getByRole('main').getByRole('status')).toContainText('已收到你的帳戶資料');
  await expect(page.getByTestId('refund')).toContainText('匯款帳戶末碼 7890');
  await expect(account).toHaveCount(0);
});

test('a refund is asked for, with the account; reloading asks no second time', async ({ page }) => {
  await buy(page, 'longan-honey', 'ecpay_barcode');
  await page.getByTestId('ask-refund').click();
  await expect(page.getByRole('main')).toMatchAriaSnapshot(`
    - link "回到訂單"
    - heading "申請退款" [level=1]
    - paragraph: /全額 NT\\$ 530/
    - paragraph: /不必等候審核/
    - text: 原因
    - textbox "原因"
    - group "請告訴我們退款要匯到哪裡":
      - paragraph: 請告訴我們退款要匯到哪裡
      - paragraph: /轉帳到你的銀行帳戶/
      - text: 銀行代碼
      - textbox "銀行代碼"
      - paragraph: /3 碼/
      - text: 帳號
      - textbox "帳號"
      - paragraph: 最多 16 碼數字
      - text: 戶名
      - textbox "戶名"
    - button "送出申請"
  `);
  await page.getByTestId('field-reason').fill('買錯了');
  await fillAccount(page);
  await page.getByTestId('refund-form').getByRole('button').click();
  await expect(page.getByTestId('refund')).toHaveAttribute('data-status', 'requested');
  await expect(page.getByTestId('refund')).toContainText('原因：買錯了');
  await page.reload();
  await expect(page.getByTestId('refund')).toHaveCount(1);
  // There is nothing more to ask for.
  await page.goto(`/orders/${orderId(page)}/refund`);
  await expect(page).toHaveURL(/\/orders\/[0-9a-f-]{36}$/);
});

test('an order that has left in part cannot be cancelled any more', async ({ page }) => {
  await buy(page, 'longan-honey');
  await ship(page);
  await set(page, { status: 'preparing_shipment' });
  await page.reload();
  await expect(page.getByTestId('parcel')).toHaveCount(2);
  await expect(page.getByText('取消訂單並退款')).toHaveCount(0);
  await expect(page.getByTestId('ask-return')).toHaveCount(0);
});

test('cancelling too late says so, and changes nothing', async ({ page }) => {
  await buy(page, 'longan-honey');
  await page.getByText('取消訂單並退款').click();
  await set(page, { status: 'shipped' });
  await page.getByTestId('cancel-order').getByRole('button').click();
  await expect(page.getByTestId('form-message')).toContainText('訂單狀態已改變');
  await page.reload();
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'shipped');
  await expect(page.getByTestId('refund')).toHaveCount(0);
});

test('parcels lead to their carrier', async ({ page }) => {
  await buy(page, 'longan-honey');
  await ship(page);
  await page.reload();
  const [first, second] = [0, 1].map((at) => page.getByTestId('parcel').nth(at));
  await expect(first as NonNullable<typeof first>).toMatchAriaSnapshot(`
    - listitem:
      - heading "包裹 1" [level=3]
      - text: 包裹已送達
      - list:
        - listitem: /龍眼蜂蜜.* × 1/
      - paragraph: 黑貓宅急便 物流單號 9012345671
      - paragraph: 2026/11/21 11:30 送達
      - link "追蹤包裹 1 （前往物流網站）"
      - button "複製物流單號"
  `);
  const link = (second as NonNullable<typeof second>).getByTestId('track');
  await expect(link).toHaveAttribute('href', 'https://carrier.example/2');
  await expect(link).toHaveAttribute('rel', 'noopener noreferrer');
});

test('a return: asked for, with pictures, answered, and settled', async ({ page }) => {
  await buy(page, 'longan-honey');
  await ship(page);
  await page.reload();
  await expect(page.getByRole('main')).toContainText('不需要理由都可以退');
  await askReturn(page);
  await page.getByTestId('return-form').getByRole('button').click();
  await expect(page.getByRole('main').getByRole('status').first()).toContainText('已送出退貨申請');
  await expect(page.getByTestId('return-line')).toContainText('× 1');

  const files = [1, 2, 3].map((number) => ({
    name: `crack-${number}.webp`,
    mimeType: 'image/webp',
  }));
  const buffer = await readFile(PHOTO);
  await page.getByTestId('field-picture').setInputFiles(files.map((file) => ({ ...file, buffer })));
  await page.getByTestId('add-picture').click();
  await expect(page.getByTestId('picture')).toHaveCount(3);
  await expect(page.getByTestId('upload')).toHaveCount(0);
  const shown = () =>
    page
      .getByTestId('picture')
      .evaluateAll((all) => all.map((image) => (image as HTMLImageElement).naturalWidth > 0));
  await expect.poll(shown).toEqual([true, true, true]);

  const order = await set(page, {});
  const [back] = order.returns;
  if (!back) throw new Error('no return');
  const answer = '請寄到倉庫\n退貨組收';
  await set(page, { returns: [{ ...back, status: 'approved', answer }] });
  await page.goto(page.url().replace(/\?.*/, ''));
  await expect(page.getByTestId('return-status')).toHaveText('可以寄回了');
  await expect(page.getByRole('main')).toContainText('退貨組收');
  await expect(page.getByTestId('add-picture')).toHaveCount(0);

  const refund = refundOf(450);
  const lines = back.lines.map((line) => ({ ...line, received: 1, restocked: 1 }));
  const returns = [{ ...back, status: 'inspected' as const, refund_id: refund.id, lines }];
  await set(page, { returns, refunds: [refund], status: 'returned' });
  await page.reload();
  await expect(page.getByTestId('return-status')).toHaveText('退貨完成');
  await expect(page.getByTestId('return-line')).toContainText('驗收 1 件');
  await expect(page.getByTestId('refund')).toContainText('NT$ 450');
  await expectAccessible(page);
  await page.getByRole('link', { name: '回到訂單' }).click();
  await expect(page.getByTestId('refund')).toContainText('原因：退貨');
});

test('money that goes back while the page is read is shown with what it did', async ({ page }) => {
  await buy(page, 'longan-honey');
  await set(page, { dueRefunds: [refundOf(100)] });
  await page.reload();
  await expect(page.getByTestId('refund')).toHaveAttribute('data-status', 'succeeded');
  await expect(page.getByTestId('payment')).toHaveAttribute('data-status', 'partially_refunded');
});

test('a return says what it lacks, and is given up', async ({ page }) => {
  await buy(page, 'longan-honey');
  await ship(page);
  await page.reload();
  await page.getByTestId('ask-return').click();
  await page.locator('input[name="cause"][value="other"]').check();
  await page.getByTestId('return-form').getByRole('button').click();
  await expect(page.getByText('請至少選一件要退的商品')).toBeVisible();
  await expect(page.getByTestId('returnable').getByRole('combobox')).toBeFocused();
  await expect(page.locator('input[value="other"]')).toBeChecked();
  await page.getByTestId('returnable').getByRole('combobox').selectOption('1');
  await page.getByRole('textbox').fill('too late');
  await page.getByTestId('return-form').getByRole('button').click();
  await expect(page.getByTestId('form-message')).toContainText('已超過退貨期限');
  await expect(page.getByTestId('returnable').getByRole('combobox')).toHaveValue('1');

  await page.getByRole('textbox').fill('');
  await page.getByTestId('return-form').getByRole('button').click();
  await page.getByText('取消退貨', { exact: true }).click();
  await page.getByTestId('cancel-return').getByRole('button').click();
  await expect(page.getByTestId('return-status')).toHaveAttribute('data-status', 'cancelled');
  await page.getByRole('link', { name: '回到訂單' }).click();
  await expect(page.getByTestId('ask-return')).toBeVisible();
});

test('what is no picture, and a seventh one, are refused by name', async ({ page }) => {
  await buy(page, 'longan-honey');
  await ship(page);
  await page.reload();
  await askReturn(page);
  await page.getByTestId('return-form').getByRole('button').click();
  const buffer = await readFile(PHOTO);
  const pictures = [1, 2, 3, 4, 5, 6, 7].map((number) => ({
    name: `${number}.webp`,
    mimeType: 'image/webp',
    buffer,
  }));
  const text = { name: 'note.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a picture') };
  await page.getByTestId('field-picture').setInputFiles(text);
  await page.getByTestId('add-picture').click();
  await expect(page.getByTestId('upload')).toContainText('只收 JPEG、PNG 或 WebP 圖片');
  await page.getByTestId('field-picture').setInputFiles(pictures);
  await page.getByTestId('add-picture').click();
  await expect(page.getByTestId('picture')).toHaveCount(6);
  await expect(page.getByTestId('upload').last()).toContainText('7.webp');
  await expect(page.getByTestId('upload').last()).toContainText('只能再加 6 張');
  await expect(page.getByTestId('field-picture')).toHaveCount(0);
});

test('nobody else sees an order’s pages, nor its pictures', async ({ page, browser }) => {
  await buy(page, 'longan-honey');
  await ship(page);
  await page.reload();
  await askReturn(page);
  await page.getByTestId('return-form').getByRole('button').click();
  await page.getByTestId('field-picture').setInputFiles(PHOTO);
  await page.getByTestId('add-picture').click();
  const address = await page.getByTestId('picture').getAttribute('src');
  const own = await page.request.get(address ?? '');
  expect(own.status()).toBe(200);
  expect(own.headers()['cache-control']).toBe('private, max-age=3600');

  const stranger = await browser.newPage();
  await signIn(stranger);
  const paths = ['', '/refund', '/return', `/returns/${(await set(page, {})).returns[0]?.id}`];
  for (const path of paths) {
    const answer = await stranger.goto(`/orders/${orderId(page)}${path}`);
    expect(answer?.status(), path).toBe(404);
  }
  expect((await stranger.request.get(address ?? '')).status()).toBe(404);
  await stranger.close();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a return, its picture and its withdrawal work all the same', async ({ page }) => {
    await page.goto('/products/longan-honey');
    await page.getByTestId('add-to-cart').click();
    await page.getByTestId('checkout-button').click();
    await fillCheckout(page);
    await page.getByTestId('place-order').click();
    await page.getByTestId('pay-button').click();
    await page.getByTestId('sim-pay').click();
    await page.getByTestId('view-order').click();
    await ship(page);
    await page.reload();
    await askReturn(page);
    await page.getByTestId('return-form').getByRole('button').click();
    await page.getByTestId('field-picture').setInputFiles(PHOTO);
    await page.getByTestId('add-picture').click();
    await expect(page.getByTestId('picture')).toHaveCount(1);
    await page.getByText('取消退貨', { exact: true }).click();
    await page.getByTestId('cancel-return').getByRole('button').click();
    await expect(page.getByTestId('return-status')).toHaveAttribute('data-status', 'cancelled');
  });
});
