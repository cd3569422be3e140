/** What happens between the cart and the money: coupons, other prices, others who buy. */
import { expect, test, type APIRequestContext, type Page } from '@playwright/test';
import { orderId } from '../mocked/orders.ts';
import { newEmail, submit, visit } from '../mocked/people.ts';
import { change, orderForShop, sellOut, sendParcel, setPrice } from './back-office.ts';
import { mailsWith } from './mail.ts';
import { addToCart, DESKTOP, fillCheckout, pay, PHONE } from './shopper.ts';
import { orderOf, plentiful, stockOf, type Offer } from './stack.ts';

const PASSWORD = 'Kavalan-mist-7731';
const LONG = { timeout: 60_000 };
/** Of the demo shop: 10 % off from 500 dollars on, once a customer. */
const COUPON = 'WELCOME10';

/** Something in plenty whose price can be raised and that the coupon is good for. */
async function choose(request: APIRequestContext, count = 1): Promise<Offer[]> {
  const all = await plentiful(request, 12);
  const plain = ({ variant }: Offer) => variant.price.amount >= 500 && variant.compare_at === null;
  const chosen = all.filter(plain).slice(0, count);
  expect(chosen, 'products that are not reduced').toHaveLength(count);
  return chosen;
}

/** An amount of the summary beside the form. */
async function amount(page: Page, name: string): Promise<number> {
  const shown = page.getByRole('complementary').locator('dt', { hasText: name }).locator('+ dd');
  const text = (await shown.textContent()) ?? '';
  return Number(text.replace(/\D/g, ''));
}

const total = (page: Page) => amount(page, '應付總額');

async function register(page: Page): Promise<string> {
  const email = newEmail();
  await visit(page, '/register');
  await page.getByTestId('field-name').fill('王小明');
  await page.getByTestId('field-email').fill(email);
  await page.getByTestId('field-password').fill(PASSWORD);
  await submit(page);
  await expect(page).toHaveURL(/\/account\?notice=registered$/);
  return email;
}

async function expectStatus(page: Page, status: string): Promise<void> {
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', status, LONG);
}

async function placeAndPay(page: Page): Promise<void> {
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('sim-pay')).toBeVisible(LONG);
  await pay(page);
  await expectStatus(page, 'paid');
  await page.getByTestId('view-order').click();
  await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
}

async function buysWithACoupon(page: Page, request: APIRequestContext): Promise<void> {
  const email = await register(page);
  const [offer] = await choose(request);
  if (!offer) throw new Error('nothing to buy');
  await addToCart(page, offer);
  await visit(page, '/cart');
  await page.getByTestId('coupon-code').fill(COUPON.toLowerCase());
  await page.getByTestId('coupon-button').click();
  await expect(page.getByTestId('coupon-note')).toContainText('已套用');
  const saved = await amount(page, `優惠碼 ${COUPON}`);
  expect(saved).toBe(Math.floor(offer.variant.price.amount / 10));

  await fillCheckout(page, email);
  const due = await total(page);
  await placeAndPay(page);
  const shown = (await page.getByTestId('order-total').textContent()) ?? '';
  expect(Number(shown.replace(/\D/g, ''))).toBe(due);
  await expect(page.getByRole('main')).toContainText(`−NT$ ${saved.toLocaleString('en-US')}`);

  // On its way, and there.
  const order = orderId(page);
  const tracking = `88${Date.now()}`;
  const { fulfilments } = await orderForShop(request, order);
  const [units] = fulfilments;
  if (!units) throw new Error('nothing to send');
  const parcel = await sendParcel(request, order, units, tracking);
  await expect.poll(() => mailsWith(tracking), LONG).toBeGreaterThan(0);
  await visit(page, '/orders');
  await page.getByRole('main').locator(`a[href$="/orders/${order}"]`).click();
  await expectStatus(page, 'shipped');
  await expect(page.getByTestId('tracking-number')).toContainText(tracking);
  await change(request, parcel, 'delivered');
  await page.reload();
  await expect(page.getByTestId('parcel')).toHaveAttribute('data-status', 'delivered');
}

async function agreesToAnotherPrice(page: Page, request: APIRequestContext): Promise<void> {
  const [offer] = await choose(request);
  if (!offer) throw new Error('nothing to buy');
  const was = offer.variant.price.amount;
  const before = await stockOf(request, offer.variant.id);
  await addToCart(page, offer);
  await fillCheckout(page, newEmail());
  const due = await total(page);
  await setPrice(request, offer, was + 10);
  try {
    await page.getByTestId('place-order').click();
    await expect(page.getByTestId('form-message')).toContainText('價格剛剛有變動', LONG);
    await expect(orderOf(page), 'nothing is ordered at a price nobody saw').rejects.toThrow();
    expect(await stockOf(request, offer.variant.id)).toEqual(before);
    // The new price is shown, what was typed has stayed, and pressing once more agrees to it.
    await expect.poll(() => total(page)).toBe(due + 10);
    await expect(page.getByTestId('field-name')).toHaveValue('王小明');
    await placeAndPay(page);
    const shown = (await page.getByTestId('order-total').textContent()) ?? '';
    expect(Number(shown.replace(/\D/g, ''))).toBe(due + 10);
  } finally {
    await setPrice(request, offer, was);
  }
}

async function othersBuyItAll(page: Page, request: APIRequestContext): Promise<void> {
  const [gone, stays] = await choose(request, 2);
  if (!gone || !stays) throw new Error('nothing to buy');
  const email = newEmail();
  await addToCart(page, gone);
  await addToCart(page, stays);
  await fillCheckout(page, email);
  const restock = await sellOut(request, gone);
  try {
    await page.getByTestId('place-order').click();
    const message = page.getByTestId('shortage-message');
    await expect(message).toContainText('剩 0 件', LONG);
    await expect(message).not.toContainText(stays.variant.sku);
    await expect(orderOf(page)).rejects.toThrow('no order');

    await page.getByRole('button', { name: '依目前庫存更新購物車' }).click();
    await page.waitForURL('**/cart');
    await expect(page.getByTestId('cart-line')).toHaveCount(1);
    await fillCheckout(page, email);
    await placeAndPay(page);
    await expect(page.getByTestId('order-item')).toHaveCount(1);

    // Who still wants the other is told when it is back, once.
    const { slug } = gone.product;
    const variant = encodeURIComponent(gone.variant.sku);
    await visit(page, `/products/${slug}?variant=${variant}`);
    await expect(page.getByTestId('add-to-cart')).toBeDisabled();
    await page.getByTestId('notify-email').fill(email);
    await page.getByTestId('notify').getByRole('button').click();
    await expect(page.getByTestId('notify-noted')).toContainText(email);
  } finally {
    await restock();
  }
  const told = () => mailsWith(`/products/${gone.product.slug}?variant=${gone.variant.sku}`);
  await expect.poll(told, LONG).toBeGreaterThan(0);
}

async function findsTheOrderAgain(page: Page, request: APIRequestContext): Promise<void> {
  const [offer] = await choose(request);
  if (!offer) throw new Error('nothing to buy');
  const email = newEmail();
  await addToCart(page, offer);
  await fillCheckout(page, email);
  await placeAndPay(page);
  const number = (await page.getByTestId('order-number').textContent())?.trim() ?? '';

  // In another browser, which has neither the link nor the cookie.
  await page.context().clearCookies();
  await visit(page, '/orders/lookup');
  await page.getByTestId('field-number').fill(number.toLowerCase().replaceAll('-', ' '));
  await page.getByTestId('field-contact').fill(`x${email}`);
  await submit(page);
  await expect(page.getByTestId('form-message')).toContainText('找不到符合的訂單');
  await page.getByTestId('field-contact').fill(email);
  await submit(page);
  await expect(page.getByTestId('order-number')).toHaveText(number);
  await expectStatus(page, 'paid');
}

for (const { device, viewport } of [
  { device: 'a desktop', viewport: DESKTOP },
  { device: 'a phone', viewport: PHONE },
]) {
  test.describe(`on ${device}`, () => {
    test.use({ viewport });

    test('somebody new buys with a coupon and follows the parcel', ({ page, request }) =>
      buysWithACoupon(page, request));

    test('a price that changed in the cart is agreed to before anything is ordered', ({
      page,
      request,
    }) => agreesToAnotherPrice(page, request));

    test('what sold out in the cart is told, taken out, and waited for', ({ page, request }) =>
      othersBuyItAll(page, request));

    test('a guest finds the order again by its number', ({ page, request }) =>
      findsTheOrderAgain(page, request));
  });
}
