/** The cart answers at once, forgives, and says what it does. */
import { expect, test, type Page } from '@playwright/test';
import { visit } from './people.ts';
import { addToCart, expectAccessible, setStock } from './shop.ts';

/** Lets the shop take its time over forms of the cart, until told to go on. */
async function slow(page: Page): Promise<() => void> {
  const { promise: gate, resolve: go } = Promise.withResolvers<undefined>();
  await page.route('**/cart?/**', async (route) => {
    await gate;
    await route.continue();
  });
  return () => go(undefined);
}

test('a line goes at once, and comes back as it was', async ({ page }) => {
  await addToCart(page, 'grandmas-noodle-bowl');
  await addToCart(page, 'cedar-pencil');
  await addToCart(page, 'cedar-pencil');
  await visit(page, '/cart');
  await expect(page.getByTestId('cart-line')).toHaveCount(2);
  const go = await slow(page);
  await page.getByRole('button', { name: '移除 香杉鉛筆' }).click();
  // The shop has not answered yet.
  await expect(page.getByTestId('cart-line')).toHaveCount(1);
  await expect(page.getByTestId('cart-count')).toHaveText('3');
  go();
  await expect(page.getByTestId('cart-count')).toHaveText('1');
  await expect(page.getByTestId('announcer')).toContainText('已移除「香杉鉛筆」');
  await expect(page.getByTestId('announcer')).toContainText('購物車現有 1 件，小計 NT$ 560');

  const undo = page.getByRole('button', { name: '復原：把「香杉鉛筆」放回購物車' });
  await expect(undo).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('cart-line')).toHaveCount(2);
  await expect(page.getByTestId('cart-count')).toHaveText('3');
  await expect(undo).toHaveCount(0);
  await expect(page.getByTestId('announcer')).toContainText('購物車現有 3 件，小計 NT$ 740');
});

test('the last line can be brought back from an empty cart, without scripts too', async ({
  browser,
  baseURL,
}) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto('/en/products/brass-compass');
  await page.getByTestId('add-to-cart').click();
  await expect(page).toHaveURL(/\/en\/cart$/);
  await page.getByRole('button', { name: 'Remove Brass Compass' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Your cart is empty');
  await page.getByRole('button', { name: /^Undo/ }).click();
  await expect(page.getByTestId('cart-line')).toContainText('Brass Compass');
  await context.close();
});

test('what was sold meanwhile cannot be brought back, and it says so', async ({ page }) => {
  await setStock(page, 'BUBBLE-TEA-KIT-1', 1);
  await addToCart(page, 'bubble-tea-kit');
  await visit(page, '/cart');
  await page.getByRole('button', { name: /^移除/ }).click();
  await setStock(page, 'BUBBLE-TEA-KIT-1', 0);
  await page.getByRole('button', { name: /^復原/ }).click();
  await expect(page.getByTestId('shortage-message')).toContainText('庫存不足');
  await expect(page.getByTestId('cart-count')).toHaveText('0');
  await setStock(page, 'BUBBLE-TEA-KIT-1', 20);
});

test('quantities follow the finger; the last one pressed is what is bought', async ({ page }) => {
  await addToCart(page, 'thread-bound-notebook');
  await visit(page, '/cart');
  const more = page.getByRole('button', { name: '增加數量' });
  const go = await slow(page);
  for (let n = 0; n < 4; n += 1) await more.click();
  await expect(page.getByRole('spinbutton')).toHaveValue('5');
  await expect(page.getByTestId('cart-line')).toContainText('NT$ 1,800');
  await expect(page.getByTestId('cart-count')).toHaveText('1');
  go();
  await expect(page.getByTestId('cart-count')).toHaveText('5');
  await expect(page.getByRole('spinbutton')).toHaveValue('5');
  await expect(more).toBeFocused();
  await expect(page.getByTestId('announcer')).toContainText('購物車現有 5 件，小計 NT$ 1,800');
});

test('what is refused goes back to what it was', async ({ page }) => {
  await setStock(page, 'IRON-SKILLET-1', 9);
  await addToCart(page, 'iron-skillet');
  await visit(page, '/cart');
  await setStock(page, 'IRON-SKILLET-1', 1);
  await page.getByRole('button', { name: '增加數量' }).click();
  await expect(page.getByTestId('shortage-message')).toContainText('庫存不足');
  await expect(page.getByRole('spinbutton')).toHaveValue('1');
  await expect(page.getByTestId('cart-line')).toContainText('NT$ 1,980');
  await setStock(page, 'IRON-SKILLET-1', 20);
});

test('a product’s stock is looked at again when somebody comes back to it', async ({ page }) => {
  await setStock(page, 'EVERYDAY-FOUNTAIN-PEN-1', 33);
  await page.clock.install();
  await visit(page, '/products/everyday-fountain-pen');
  await expect(page.getByTestId('stock-note')).toContainText('有庫存');
  await expect(page.getByTestId('wish')).not.toHaveCount(0);
  await setStock(page, 'EVERYDAY-FOUNTAIN-PEN-1', 2);
  const look = () => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await look();
  await page.clock.fastForward(6_000);
  await look();
  await expect(page.getByTestId('stock-note')).toContainText('只剩 2 件');
  await setStock(page, 'EVERYDAY-FOUNTAIN-PEN-1', 0);
  // And now and then, while they stay.
  await page.clock.fastForward(80_000);
  await expect(page.getByTestId('stock-note')).toContainText('已售完');
  await expect(page.getByTestId('add-to-cart')).toBeDisabled();
  // A shop that does not answer takes nothing away.
  await page.route('**/api/products/**', (route) => route.abort());
  await page.clock.fastForward(80_000);
  await expect(page.getByTestId('stock-note')).toContainText('已售完');
  await setStock(page, 'EVERYDAY-FOUNTAIN-PEN-1', 33);
});

test('a set says what is in it; what is ordered ahead says from when on it is sent', async ({
  page,
}) => {
  await page.goto('/products/island-gift-box');
  await expect(page.getByTestId('bundle-contents')).toMatchAriaSnapshot(`
    - paragraph: 組合內容
    - list:
      - listitem: /藍釉早餐碗 2/
      - listitem: /龍眼蜂蜜 1/
      - listitem: /圓腹瓷壺 1/
  `);
  await page.goto('/en/products/oxcart-35-film-camera');
  await expect(page.getByTestId('stock-note')).toContainText('ships from 24 Dec 2026');
  await page.getByTestId('add-to-cart').click();
  await expect(page.getByTestId('added')).toContainText('Added to your cart');
  await expect(page.getByTestId('announcer')).toHaveText('Added to your cart, which has 1 item');
  await page.goto('/en/cart');
  await expect(page.getByTestId('backorder-note')).toHaveText(
    '1 of these is on back-order, shipping from 24 Dec 2026',
  );
  await expectAccessible(page);
});

test('a price of a price list says what it usually is, and by which list', async ({ page }) => {
  await addToCart(page, 'alishan-high-mountain-oolong');
  await addToCart(page, 'cedar-pencil');
  await visit(page, '/cart');
  const line = page.getByTestId('cart-line').filter({ hasText: '阿里山高山烏龍' });
  await expect(line.getByTestId('usual-price')).toHaveText('NT$ 980');
  await expect(line.getByTestId('price-list')).toHaveText('茶季優惠');
  await expect(page.getByTestId('usual-price')).toHaveCount(1);
  await visit(page, '/en/checkout');
  await expect(page.getByTestId('price-list')).toHaveText('Tea season');
});
