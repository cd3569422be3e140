/** A coupon, from the field it is typed into to the order it is sent with. */
import { expect, test, type Page } from '@playwright/test';
import type { CheckoutRequest } from '../../src/lib/api/types.ts';
import { visit } from './people.ts';
import {
  addToCart,
  complaints,
  expectAccessible,
  expectNoSidewaysScroll,
  fillCheckout,
  signIn,
  VIEWS,
} from './shop.ts';

// NT$ 560, and NT$ 80 for sending it.
const BOWL = 'grandmas-noodle-bowl';
// NT$ 420.
const SMALL_BOWL = 'indigo-breakfast-bowl';

const field = (page: Page) => page.getByTestId('coupon-code');
const note = (page: Page) => page.getByTestId('coupon-note');
const button = (page: Page) => page.getByTestId('coupon-button');
const summary = (page: Page) => page.getByRole('complementary');
/** The amount beside a name in the summary. */
const line = (page: Page, name: string) =>
  summary(page).locator('dt', { hasText: name }).locator('+ dd');

async function apply(page: Page, code: string): Promise<void> {
  await field(page).fill(code);
  await button(page).click();
}

/** What the API was asked to order for this buyer, one request after the other. */
async function asked(page: Page, email: string): Promise<CheckoutRequest[]> {
  const answer = await page.request.get('/api/dev/asked');
  const { items } = (await answer.json()) as { items: CheckoutRequest[] };
  return items.filter(({ contact }) => contact.email === email);
}

/** Fills the form in under a name of its own, by which the order can be told from others. */
async function fillAs(page: Page, email: string): Promise<void> {
  await fillCheckout(page);
  await page.getByTestId('field-email').fill(email);
}

test('is applied in the cart, and the order is sent with it', async ({ page }) => {
  await addToCart(page, BOWL);
  await visit(page, '/cart');
  await apply(page, 'welcome10');
  await expect(note(page)).toHaveText('已套用，折抵 NT$ 56');
  await expect(field(page)).toHaveValue('WELCOME10');
  await expect(field(page)).toHaveAttribute('readonly');
  await expect(line(page, '優惠碼 WELCOME10')).toHaveText('−NT$ 56');
  await expect(line(page, '應付總額')).toHaveText('NT$ 504');

  await page.getByTestId('checkout-button').click();
  await expect(line(page, '優惠碼 WELCOME10')).toHaveText('−NT$ 56');
  await expect(line(page, '應付總額')).toHaveText('NT$ 584');
  await fillAs(page, 'coupon@example.com');
  await page.getByTestId('place-order').click();
  await page.getByTestId('sim-pay').click();
  await page.getByTestId('view-order').click();
  await expect(page.getByTestId('order-total')).toHaveText('NT$ 584');
  await expect(page.getByText('−NT$ 56')).toBeVisible();
  expect(await asked(page, 'coupon@example.com')).toMatchObject([
    { coupon_code: 'WELCOME10', expected_total: { amount: 584 } },
  ]);
});

test('is refused under the field, which says why and keeps what was typed', async ({ page }) => {
  await addToCart(page, BOWL);
  await visit(page, '/cart');
  for (const [code, reason] of [
    ['', '請輸入優惠碼'],
    ['nope', '沒有這組優惠碼，請確認有沒有打錯'],
    ['SOON', '這組優惠碼還不能使用'],
    ['OLD', '這組優惠碼已過期'],
    ['GONE', '這組優惠碼已被用完'],
    ['MINE', '你已經用過這組優惠碼了'],
  ] as const) {
    await apply(page, code);
    await expect(note(page)).toHaveText(reason);
    await expect(field(page)).toHaveValue(code);
    await expect(field(page)).toHaveAttribute('aria-invalid', 'true');
    await expect(field(page)).toHaveAccessibleDescription(reason);
    await expect(line(page, '應付總額')).toHaveText('NT$ 560');
  }
  await field(page).fill('MINUS100');
  await expect(note(page)).toBeEmpty();
  await expect(field(page)).not.toHaveAttribute('aria-invalid');
  await button(page).click();
  await expect(line(page, '應付總額')).toHaveText('NT$ 460');
});

test('is removed again', async ({ page }) => {
  await addToCart(page, BOWL);
  await visit(page, '/cart');
  await apply(page, 'MINUS100');
  await expect(line(page, '優惠碼 MINUS100')).toHaveText('−NT$ 100');
  await page.getByRole('button', { name: '移除優惠碼 MINUS100' }).click();
  await expect(note(page)).toHaveText('優惠碼已移除');
  await expect(field(page)).toHaveValue('');
  await expect(field(page)).toBeEditable();
  await expect(line(page, '應付總額')).toHaveText('NT$ 560');
  await expect(line(page, '優惠碼')).toHaveCount(0);
  await page.reload();
  await expect(field(page)).toHaveValue('');
});

test('is kept while the cart is too small for it, and says what is missing', async ({ page }) => {
  await addToCart(page, SMALL_BOWL);
  await visit(page, '/cart');
  await apply(page, 'WELCOME10');
  await expect(note(page)).toHaveText('商品滿 NT$ 500 才能使用，還差 NT$ 80');
  await expect(line(page, '應付總額')).toHaveText('NT$ 420');
  await page.getByRole('button', { name: '增加數量' }).click();
  await expect(note(page)).toHaveText('已套用，折抵 NT$ 84');
  await expect(line(page, '應付總額')).toHaveText('NT$ 756');
});

test('waives the shipping fee', async ({ page }) => {
  await addToCart(page, SMALL_BOWL);
  await visit(page, '/cart');
  await expect(line(page, '運費')).toHaveText('結帳時計算');
  await apply(page, 'FREESHIP');
  await expect(note(page)).toHaveText('已套用，這筆訂單免運費');
  await expect(line(page, '運費（優惠碼 FREESHIP）')).toHaveText('免運費');
  await expect(summary(page).getByRole('progressbar')).toHaveCount(0);
  await page.getByTestId('checkout-button').click();
  await page.waitForURL('**/checkout');
  await expect(line(page, '運費（優惠碼 FREESHIP）')).toHaveText('免運費');
  await expect(line(page, '應付總額')).toHaveText('NT$ 420');
  await button(page).click();
  await expect(line(page, '運費')).toHaveText('NT$ 80');
  await expect(line(page, '應付總額')).toHaveText('NT$ 500');
});

test('is changed while checking out, and nothing that was filled in is lost', async ({ page }) => {
  await addToCart(page, BOWL);
  await visit(page, '/checkout');
  await fillAs(page, 'changes@example.com');
  await apply(page, 'nope');
  await expect(note(page)).toHaveText('沒有這組優惠碼，請確認有沒有打錯');
  await expect(page.getByTestId('form-message')).toHaveCount(0);
  await apply(page, 'WELCOME10');
  await expect(line(page, '應付總額')).toHaveText('NT$ 584');
  await button(page).click();
  await expect(line(page, '應付總額')).toHaveText('NT$ 640');
  await apply(page, 'MINUS100');
  await expect(line(page, '應付總額')).toHaveText('NT$ 540');
  await expect(page.getByTestId('field-email')).toHaveValue('changes@example.com');
  await expect(page.getByTestId('field-district')).toHaveValue('中正區');
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('sim-pay')).toBeVisible();
  expect(await asked(page, 'changes@example.com')).toMatchObject([
    { coupon_code: 'MINUS100', expected_total: { amount: 540 } },
  ]);
});

test('Enter in its field applies it; a second Enter or click does not take it out', async ({
  page,
}) => {
  await addToCart(page, BOWL);
  for (const path of ['/cart', '/checkout']) {
    await visit(page, path);
    await field(page).fill('MINUS100');
    await field(page).press('Enter');
    await expect(note(page)).toHaveText('已套用，折抵 NT$ 100');
    await expect(field(page)).toBeFocused();
    await field(page).press('Enter');
    await page.keyboard.press('Tab');
    await expect(button(page)).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(note(page)).toHaveText('優惠碼已移除');
    await expect(button(page)).toBeFocused();

    await field(page).fill('MINUS100');
    await button(page).dblclick({ delay: 150 });
    await expect(note(page)).toHaveText('已套用，折抵 NT$ 100');
    await button(page).click();
    await expect(note(page)).toHaveText('優惠碼已移除');
  }
  await fillAs(page, 'enter@example.com');
  await page.getByTestId('field-email').press('Enter');
  await expect(page.getByTestId('sim-pay')).toBeVisible();
  expect(await asked(page, 'enter@example.com')).toMatchObject([{ coupon_code: null }]);
});

test('typed but not applied: nothing is ordered before its price was seen', async ({ page }) => {
  await addToCart(page, BOWL);
  await visit(page, '/checkout');
  await fillAs(page, 'typed@example.com');
  await field(page).fill('nope');
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('form-message')).toContainText('沒有這組優惠碼');
  await expect(note(page)).toContainText('沒有這組優惠碼');
  await field(page).fill('WELCOME10');
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('form-message')).toContainText('請確認新的金額後再送出');
  await expect(line(page, '應付總額')).toHaveText('NT$ 584');
  expect(await asked(page, 'typed@example.com')).toEqual([]);
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('sim-pay')).toBeVisible();
  expect(await asked(page, 'typed@example.com')).toMatchObject([{ coupon_code: 'WELCOME10' }]);
});

test('refused with the order: the buyer is told why, and can go on without it', async ({
  page,
}) => {
  await addToCart(page, BOWL);
  await visit(page, '/checkout');
  await apply(page, 'ONCE50');
  await expect(line(page, '應付總額')).toHaveText('NT$ 590');
  await fillAs(page, 'once@example.com');
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('form-message')).toContainText('你已經用過這組優惠碼了');
  await expect(note(page)).toHaveText('你已經用過這組優惠碼了');
  await expect(field(page)).toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('button', { name: '不使用優惠碼' }).click();
  await expect(page.getByTestId('form-message')).toHaveCount(0);
  await expect(line(page, '應付總額')).toHaveText('NT$ 640');
  await expect(page.getByTestId('place-order')).toBeFocused();
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('sim-pay')).toBeVisible();
  expect(await asked(page, 'once@example.com')).toMatchObject([
    { coupon_code: 'ONCE50' },
    { coupon_code: null, expected_total: { amount: 640 } },
  ]);
});

test('too small for it at the checkout: no order, and what it needs', async ({ page }) => {
  await signIn(page);
  await addToCart(page, SMALL_BOWL);
  await visit(page, '/checkout');
  await apply(page, 'WELCOME10');
  await expect(note(page)).toHaveText('商品滿 NT$ 500 才能使用，還差 NT$ 80');
  await fillAs(page, 'small@example.com');
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('form-message')).toContainText('商品滿 NT$ 500 才能使用');
  await expect(page).toHaveURL(/\/checkout$/);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('is applied, refused and removed all the same', async ({ page }) => {
    await page.goto(`/products/${BOWL}`);
    await page.getByTestId('add-to-cart').click();
    await apply(page, 'OLD');
    await expect(note(page)).toHaveText('這組優惠碼已過期');
    await expect(field(page)).toHaveValue('OLD');
    await apply(page, 'MINUS100');
    await expect(line(page, '優惠碼 MINUS100')).toHaveText('−NT$ 100');
    await button(page).click();
    await expect(note(page)).toHaveText('優惠碼已移除');

    await page.getByTestId('checkout-button').click();
    await fillAs(page, 'plain@example.com');
    await apply(page, 'GONE');
    await expect(note(page)).toHaveText('這組優惠碼已被用完');
    await apply(page, 'WELCOME10');
    await expect(line(page, '應付總額')).toHaveText('NT$ 584');
    await expect(page.getByTestId('field-address1')).toHaveValue('重慶南路一段 122 號');
    await expect(page.getByTestId('field-district')).toHaveValue('中正區');
    await page.getByTestId('place-order').click();
    await expect(page.getByTestId('pay-button')).toBeVisible();
    expect(await asked(page, 'plain@example.com')).toMatchObject([{ coupon_code: 'WELCOME10' }]);
  });

  test('Enter in its field orders nothing at a price that was not seen', async ({ page }) => {
    await page.goto(`/products/${BOWL}`);
    await page.getByTestId('add-to-cart').click();
    await page.getByTestId('checkout-button').click();
    await fillAs(page, 'plain-enter@example.com');
    await field(page).fill('MINUS100');
    await field(page).press('Enter');
    await expect(page.getByTestId('form-message')).toContainText('請確認新的金額後再送出');
    await expect(line(page, '應付總額')).toHaveText('NT$ 540');
    expect(await asked(page, 'plain-enter@example.com')).toEqual([]);
  });
});

for (const { name, prefix, viewport } of VIEWS) {
  test.describe(name, () => {
    test.use({ viewport });

    test('the coupon field is whole, applied and refused', async ({ page }) => {
      const found = complaints(page);
      await addToCart(page, BOWL, prefix);
      for (const path of ['/cart', '/checkout']) {
        await page.goto(prefix + path);
        await expect(page.getByLabel(prefix ? 'Coupon code' : '優惠碼')).toBeEditable();
        for (const code of ['OLD', 'WELCOME10']) {
          await apply(page, code);
          await expect(note(page)).not.toBeEmpty();
          await expectNoSidewaysScroll(page);
          await expectAccessible(page);
        }
        await button(page).click();
        await expect(field(page)).toBeEditable();
      }
      // The browser itself notes each refusal.
      expect(found.filter((text) => !text.includes('422'))).toEqual([]);
    });
  });
}
