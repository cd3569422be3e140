/** Every way of paying at the provider, and money that goes back: the real program and simulator. */
import { expect, test, type APIRequestContext, type Page } from '@playwright/test';
import { hydrated } from '../mocked/people.ts';
import { change, sendParcel, takeBack, orderForShop } from './back-office.ts';
import { mailsWith } from './mail.ts';
import {
  addToCart,
  choose,
  counterOf,
  DESKTOP,
  fillCheckout,
  pay,
  payAtCounter,
  PHONE,
  screens,
} from './shopper.ts';
import { advanceClock, clockOf, orderOf, plentiful, stockOf, type Offer } from './stack.ts';

test.describe.configure({ mode: 'serial' });
test.use({ viewport: DESKTOP });

const LONG = { timeout: 60_000 };

/** What a store takes: less than 6,000 dollars. */
async function cheap(request: APIRequestContext, count = 1): Promise<Offer[]> {
  const all = await plentiful(request, 6);
  const offers = all.filter(({ variant }) => variant.price.amount <= 2000).slice(0, count);
  expect(offers, 'products that cost little').toHaveLength(count);
  return offers;
}

/** Puts some into the cart and goes to the provider's page. */
async function checkOut(page: Page, offers: readonly Offer[], method: string): Promise<string> {
  for (const offer of offers) await addToCart(page, offer);
  await fillCheckout(page, 'guest@example.com');
  await choose(page, method);
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('sim-merchant-trade-no')).toBeVisible(LONG);
  return orderOf(page);
}

/** From 20:15 to 20:30 in Taipei the provider takes no refunds. */
async function avoidClosing(request: APIRequestContext): Promise<void> {
  const now = await clockOf(request);
  const minutes = ((now.getUTCHours() + 8) % 24) * 60 + now.getUTCMinutes();
  const isNear = minutes >= 20 * 60 && minutes <= 20 * 60 + 31;
  if (isNear) await advanceClock(request, 35 * 60);
}

async function expectStatus(page: Page, status: string): Promise<void> {
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', status, LONG);
}

/** Gets a code at the provider, finds it in the shop, and pays it while the shop's page is open. */
async function paysByCode(
  page: Page,
  request: APIRequestContext,
  { method, name, shown }: { method: string; name: string; shown: string },
): Promise<void> {
  const offers = await cheap(request);
  const [offer] = offers;
  if (!offer) throw new Error('nothing to buy');
  const before = await stockOf(request, offer.variant.id);
  await checkOut(page, offers, method);
  await page.getByTestId(`sim-issue-${name}`).click();
  await expect(page.getByTestId('sim-code').first()).toBeVisible();
  const codes = (await page.getByTestId('sim-code').allTextContents()).map((code) =>
    code.replace(/\s/g, ''),
  );
  const counterUrl = await counterOf(page);
  await page.getByTestId('sim-back').click();

  await expect(page.getByTestId('payment-code')).toBeVisible(LONG);
  const told = (await page.getByTestId(shown).allTextContents()).map((it) => it.replace(/\s/g, ''));
  expect(told).toEqual(codes);
  await expect(page.getByRole('timer')).toBeVisible();
  await screens(page, `20-${method}`);
  const number = (await page.getByTestId('order-number').textContent())?.trim() ?? '';
  await expect.poll(() => mailsWith(number), LONG).toBeGreaterThan(0);
  expect(await stockOf(request, offer.variant.id)).toEqual({
    available: before.available - 1,
    reserved: before.reserved + 1,
    sold: before.sold,
  });

  await payAtCounter(page, counterUrl);

  // Nobody reloads the shop's page.
  await expectStatus(page, 'paid');
  await expect(page.getByTestId('payment-code')).toHaveCount(0);
  await expect
    .poll(() => stockOf(request, offer.variant.id), LONG)
    .toEqual({
      available: before.available - 1,
      reserved: before.reserved,
      sold: before.sold + 1,
    });
}

test('pays by card', async ({ page, request }) => {
  await checkOut(page, await cheap(request), 'ecpay_credit');
  await pay(page);
  await expectStatus(page, 'paid');
  await page.getByTestId('view-order').click();
  await expect(page.getByTestId('payment')).toHaveAttribute('data-status', 'succeeded');
});

test('pays by ATM', ({ page, request }) =>
  paysByCode(page, request, { method: 'ecpay_atm', name: 'ATM', shown: 'account' }));

test('pays by a store’s code', ({ page, request }) =>
  paysByCode(page, request, { method: 'ecpay_cvs', name: 'CVS', shown: 'payment-no' }));

test('pays by barcodes, on a phone', async ({ page, request }) => {
  await page.setViewportSize(PHONE);
  await paysByCode(page, request, {
    method: 'ecpay_barcode',
    name: 'BARCODE',
    shown: 'barcode-text',
  });
});

test('a payment fails, and another way is chosen', async ({ page, request }) => {
  await checkOut(page, await cheap(request), 'ecpay_credit');
  await page.getByTestId('sim-fail').click();
  await expect(page.getByTestId('other-method')).toBeVisible(LONG);
  await screens(page, '21-failed');
  await page.getByTestId('other-method').click();
  await choose(page, 'ecpay_atm');
  await page.getByTestId('pay-button').click();
  await page.getByTestId('sim-issue-ATM').click();
  await page.getByTestId('sim-back').click();
  await expect(page.getByTestId('account')).toBeVisible(LONG);

  // Then by card after all: the account stays unpaid, and the order is paid once.
  await page.getByTestId('pay-otherwise').click();
  await choose(page, 'ecpay_credit');
  await page.getByTestId('pay-button').click();
  await pay(page);
  await expectStatus(page, 'paid');
  await page.getByTestId('view-order').click();
  const states = page.getByTestId('payment');
  await expect(states).toHaveCount(3);
  await expect(states.first()).toHaveAttribute('data-status', 'failed');
  await expect(states.last()).toHaveAttribute('data-status', 'succeeded');
});

test('a paid order is cancelled: its stock is free, its money goes back', async ({
  page,
  request,
}) => {
  const offers = await cheap(request);
  const [offer] = offers;
  if (!offer) throw new Error('nothing to buy');
  const before = await stockOf(request, offer.variant.id);
  await checkOut(page, offers, 'ecpay_atm');
  await page.getByTestId('sim-issue-ATM').click();
  const counterUrl = await counterOf(page);
  await page.getByTestId('sim-back').click();
  await payAtCounter(page, counterUrl);
  await expectStatus(page, 'paid');

  await page.locator('details:has([data-testid="cancel-order"]) > summary').click();
  await page.getByTestId('cancel-order').getByRole('button').click();
  await expectStatus(page, 'refund_requested');
  await expect.poll(() => stockOf(request, offer.variant.id), LONG).toEqual(before);

  // A bank account's money is transferred back: the shop has to know where to.
  const form = page.getByTestId('refund-account-form');
  await expect(async () => {
    await page.reload();
    await expect(form).toBeVisible({ timeout: 2000 });
  }).toPass(LONG);
  await hydrated(page);
  await page.getByTestId('field-bank-code').fill('812');
  await page.getByTestId('field-account-number').fill('20001234567890');
  await page.getByTestId('field-holder').fill('王小明');
  await form.getByRole('button').click();
  await expect(page.getByTestId('refund')).toContainText('7890');
  await screens(page, '22-refund');
});

test('bought, sent in two parcels, returned in part, and refunded to the card', async ({
  page,
  request,
}) => {
  await avoidClosing(request);
  const offers = await cheap(request, 2);
  const order = await checkOut(page, offers, 'ecpay_credit');
  await pay(page);
  await expectStatus(page, 'paid');
  await page.getByTestId('view-order').click();

  const { fulfilments } = await orderForShop(request, order);
  expect(fulfilments.map(({ to_ship }) => to_ship)).toEqual([1, 1]);
  const parcels = [];
  for (const [at, units] of fulfilments.entries()) {
    parcels.push(await sendParcel(request, order, units, `901234567${at}`));
    await page.reload();
    await expect(page.getByTestId('parcel')).toHaveCount(at + 1);
    await expectStatus(page, at + 1 < fulfilments.length ? 'preparing_shipment' : 'shipped');
  }
  await expect(page.getByTestId('track').first()).toHaveAttribute('href', /9012345670/);
  for (const parcel of parcels) await change(request, parcel, 'delivered');
  await page.reload();
  await expect(page.getByTestId('parcel').last()).toHaveAttribute('data-status', 'delivered');
  await screens(page, '23-delivered');
  await hydrated(page);

  const [, back] = fulfilments;
  if (!back) throw new Error('two lines were bought');
  const before = await stockOf(request, back.variant_id);
  await page.getByTestId('ask-return').click();
  await page.waitForURL('**/return');
  await page.locator(`select[name="line-${back.line_no}"]`).selectOption('1');
  await page.locator('input[name="cause"][value="damaged"]').check();
  await page.getByTestId('return-form').getByRole('button').click();
  await expect(page.getByTestId('return-status')).toHaveAttribute('data-status', 'requested');
  const photo = await page.screenshot({ type: 'png' });
  const file = { name: 'crack.png', mimeType: 'image/png', buffer: photo };
  await page.getByTestId('field-picture').setInputFiles(file);
  await page.getByTestId('add-picture').click();
  await expect(page.getByTestId('picture')).toHaveCount(1, LONG);
  await screens(page, '24-return');

  const { returns } = await orderForShop(request, order);
  const [asked] = returns;
  if (!asked) throw new Error('no return');
  await takeBack(request, asked, '請寄到退貨組');
  await page.reload();
  await expect(page.getByTestId('return-status')).toHaveAttribute('data-status', 'inspected');
  await expect(page.getByRole('main')).toContainText('請寄到退貨組');

  await page.goto(`/orders/${order}`);
  await expectStatus(page, 'shipped');
  await expect(page.getByTestId('refund')).toHaveAttribute('data-status', 'succeeded', LONG);
  await expect(page.getByTestId('payment')).toHaveAttribute('data-status', 'partially_refunded');
  await expect(page.getByTestId('track')).toHaveCount(2);
  expect(await stockOf(request, back.variant_id)).toEqual({
    ...before,
    available: before.available + 1,
  });
  await screens(page, '25-refunded');
});
