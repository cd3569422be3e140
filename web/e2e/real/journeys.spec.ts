/** The promises of the shop, kept by the real program, seen through a real browser. */
import { expect, test, type Page } from '@playwright/test';
import { mailsWith } from './mail.ts';
import { addToCart, DESKTOP, fillCheckout, pay, screens } from './shopper.ts';
import { advanceClock, leave, offerBySku, orderOf, plentiful, stockOf } from './stack.ts';

test.describe.configure({ mode: 'serial' });
test.use({ viewport: DESKTOP });

const LAST_UNIT_SKU = process.env.E2E_LAST_UNIT_SKU ?? 'OX-HOM-007-01';
const HOLD_SECONDS = 1860;
const LONG = { timeout: 30_000 };

test('a guest buys two products and pays', async ({ page, request }) => {
  const chosen = await plentiful(request, 2);
  const before = await Promise.all(chosen.map(({ variant }) => stockOf(request, variant.id)));

  await page.goto('/');
  await expect(page.getByTestId('product-card').first()).toBeVisible();
  await screens(page, '01-home');
  await page.goto('/products');
  await screens(page, '02-products');

  for (const [at, offer] of chosen.entries()) {
    await addToCart(page, offer);
    if (at === 0) await screens(page, '03-product');
  }
  await page.goto('/cart');
  await expect(page.getByTestId('cart-line')).toHaveCount(2);
  await screens(page, '04-cart');

  await fillCheckout(page, 'guest@example.com');
  await screens(page, '05-checkout');
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('sim-pay')).toBeVisible(LONG);
  const simulator = process.env.E2E_SIMULATOR_URL;
  if (simulator) expect(new URL(page.url()).port).toBe(new URL(simulator).port);
  await screens(page, '06-provider');
  await pay(page);

  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'paid', LONG);
  await expect(page, 'the guest’s key is not left in the address').toHaveURL(/\/result$/);
  await screens(page, '07-result');
  await page.getByTestId('view-order').click();
  await expect(page.getByTestId('order-status')).toHaveText('已付款');
  await expect(page.getByTestId('order-item')).toHaveCount(2);
  await screens(page, '08-order');

  const number = (await page.getByTestId('order-number').textContent())?.trim() ?? '';
  expect(number).not.toBe('');
  await expect.poll(() => mailsWith(number), LONG).toBeGreaterThan(0);

  for (const [at, { variant }] of chosen.entries()) {
    const was = before[at];
    if (!was) throw new Error('no reading before');
    await expect
      .poll(() => stockOf(request, variant.id), LONG)
      .toEqual({
        available: was.available - 1,
        reserved: was.reserved,
        sold: was.sold + 1,
      });
  }
});

test('the last unit goes to one of two; the other is told what is left', async ({
  browser,
  request,
}) => {
  const offer = await offerBySku(request, LAST_UNIT_SKU);
  await leave(request, offer, 1);

  const pages = await Promise.all([0, 1].map(() => browser.newPage({ viewport: DESKTOP })));
  for (const [at, page] of pages.entries()) {
    await addToCart(page, offer);
    await fillCheckout(page, `buyer-${at}@example.com`);
  }
  await Promise.all(pages.map((page) => page.getByTestId('place-order').click()));

  const won = (page: Page) => page.getByTestId('sim-pay');
  const lost = (page: Page) => page.getByTestId('shortage-message');
  for (const page of pages) await expect(won(page).or(lost(page)).first()).toBeVisible(LONG);

  const losers: Page[] = [];
  for (const page of pages) if ((await won(page).count()) === 0) losers.push(page);
  expect(losers, 'exactly one went away with nothing').toHaveLength(1);
  const [loser] = losers;
  if (!loser) return;
  await expect(lost(loser)).toContainText('庫存不足');
  await expect(lost(loser)).toContainText('剩 0 件');
  await screens(loser, '09-last-unit-lost');
  await expect(orderOf(loser)).rejects.toThrow('no order');
  expect((await stockOf(request, offer.variant.id)).available).toBe(0);
  await Promise.all(pages.map((page) => page.close()));
});

test('an abandoned order gives its stock back', async ({ page, request }) => {
  const [offer] = await plentiful(request, 1);
  if (!offer) throw new Error('nothing to buy');
  const before = await stockOf(request, offer.variant.id);

  await addToCart(page, offer);
  await fillCheckout(page, 'abandons@example.com');
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('sim-pay')).toBeVisible(LONG);
  const order = await orderOf(page);
  expect(await stockOf(request, offer.variant.id)).toEqual({
    available: before.available - 1,
    reserved: before.reserved + 1,
    sold: before.sold,
  });
  await page.goto(`/orders/${order}`);
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'pending_payment');
  await screens(page, '10-pending');

  await advanceClock(request, HOLD_SECONDS);
  const status = async () => {
    await page.goto(`/orders/${order}`);
    return page.getByTestId('order-status').getAttribute('data-status');
  };
  await expect.poll(status, { timeout: 60_000 }).toBe('cancelled');
  await screens(page, '11-cancelled');
  await expect
    .poll(async () => (await stockOf(request, offer.variant.id)).available, LONG)
    .toBeGreaterThanOrEqual(before.available);
  expect((await stockOf(request, offer.variant.id)).sold).toBe(before.sold);
});
