/** What is seen on the way: pages that something has to happen for. */
import { expect, type Page } from '@playwright/test';
import type { Order } from '../../src/lib/api/types.ts';
import { buy, checkOut, getCode, orderId, set, ship } from '../mocked/orders.ts';
import { enter, HOME, visit, WORK } from '../mocked/people.ts';
import { addToCart, placeOrder } from '../mocked/shop.ts';
import { ACCOUNT } from '../mocked/sights.ts';
import type { See } from './camera.ts';
import { NOW } from './now.ts';

interface Story {
  /** The folders of `src/routes` that are seen. */
  routes: string[];
  see: (page: Page, see: See) => Promise<void>;
}

const ORDER = '/orders/[id]';
const order = (page: Page, more = '') => `/orders/${orderId(page)}${more}`;

/** Whatever else was ordered meanwhile, it has the same number. */
async function number(page: Page): Promise<Order> {
  const { payments } = await set(page, { number: 'OX2611200001' });
  const same = payments.map((payment) => ({ ...payment, merchant_trade_no: 'TOX26112000010' }));
  return set(page, { payments: same });
}

async function cart(page: Page, see: See): Promise<void> {
  await addToCart(page, 'canvas-backpack');
  await addToCart(page, 'alishan-high-mountain-oolong');
  await see('cart-filled', '/cart');
  await see('checkout-filled', '/checkout');
  await see('checkout-lacking', '/checkout', async () => {
    await page.getByTestId('place-order').click();
    await expect(page.getByTestId('field-email')).toHaveAttribute('aria-invalid', 'true');
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  });
}

async function wishes(page: Page, see: See): Promise<void> {
  await see('wishlist-empty', '/wishlist');
  await page.evaluate(() =>
    localStorage.setItem('oxcart_wishlist', '["canvas-backpack","last-lantern","table-radio"]'),
  );
  await see('wishlist', '/wishlist', () => expect(page.getByTestId('product-card')).toHaveCount(3));
}

async function overlays(page: Page, see: See): Promise<void> {
  await see('menu', '/help', async () => {
    await page.locator('#menu > summary').click();
  });
}

async function codes(page: Page, see: See): Promise<void> {
  for (const method of ['atm', 'cvs', 'barcode']) {
    await getCode(page, 'longan-honey', `ecpay_${method}`);
    await number(page);
    await see(`order-${method}`, order(page));
  }
  await checkOut(page, 'longan-honey', 'bank_transfer');
  await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
  await number(page);
  await see('order-transfer', order(page));
}

async function paying(page: Page, see: See): Promise<void> {
  await placeOrder(page, 'longan-honey');
  await page.goBack();
  await expect(page.getByTestId('pay-button')).toBeVisible();
  await number(page);
  // Where it goes on by itself, it is not seen.
  await page.route('**/provider', (route) => route.abort());
  await see('order-pending', order(page));
  await see('result-pending', order(page, '/result'));
  await set(page, { pays: false });
  await see('result-failed', order(page, '/result'));
  await set(page, { pays: true });
  await see('result-paid', order(page, '/result'));
  await set(page, { status: 'cancelled' });
  await see('result-cancelled', order(page, '/result'));
}

async function leaving(page: Page, see: See): Promise<void> {
  await placeOrder(page, 'longan-honey');
  await page.goBack();
  await expect(page.getByTestId('pay-button')).toBeVisible();
  await number(page);
  await see('pay', new URL(page.url()).pathname + new URL(page.url()).search);
}

async function afterSale(page: Page, see: See): Promise<void> {
  await buy(page, 'longan-honey', 'ecpay_atm');
  await number(page);
  await see('order-paid', order(page));
  await see('refund', order(page, '/refund'));
  await ship(page);
  await see('order-shipped', order(page));
  await see('return', order(page, '/return'));
  await visit(page, order(page, '/return'));
  await page.getByTestId('returnable').getByRole('combobox').selectOption('1');
  await page.locator('input[name="cause"][value="damaged"]').check();
  await page.getByRole('textbox').fill('蓋子裂了');
  await page.getByTestId('return-form').getByRole('button').click();
  await expect(page.getByTestId('return-status')).toHaveAttribute('data-status', 'requested');
  await see('return-requested', new URL(page.url()).pathname);
  await see('order-returned', order(page));
}

async function account(page: Page, see: See): Promise<void> {
  const key = {
    id: 'key',
    name: '倉庫同步',
    scopes: ['catalog_read', 'stock_write'],
    created_at: '2026-11-01T00:00:00Z',
    expires_at: '2027-02-01T00:00:00Z',
    last_used_at: NOW,
  };
  await enter(page, { roles: ['ops'], addresses: [HOME, WORK], keys: [key] });
  const email = 'ming.wang@example.com';
  // The address has to be another one each time; its owner's name is the same.
  const still = () =>
    page.evaluate((shown) => {
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        node.nodeValue = node.nodeValue?.replace(/p\d+-\d+-\d+@example\.com/, shown) ?? null;
      }
      for (const input of document.querySelectorAll('input')) {
        input.value = input.value.replace(/p\d+-\d+-\d+@example\.com/, shown);
      }
    }, email);
  await see('account', '/account', still);
  for (const path of ACCOUNT) {
    await see(`account-${path.replaceAll('/', '-')}`, `/account/${path}`, still);
  }
  await see('orders-empty', '/orders', still);
  await buy(page, 'longan-honey');
  await number(page);
  await see('orders', '/orders', still);
}

export const STORIES: Record<string, Story> = {
  'the cart and the checkout': { routes: ['/cart', '/checkout'], see: cart },
  'wish lists': { routes: ['/wishlist'], see: wishes },
  'what opens over a page': { routes: ['/help'], see: overlays },
  'codes to pay by': { routes: [ORDER], see: codes },
  'results of a payment': { routes: [`${ORDER}/result`], see: paying },
  'the ways to the provider': { routes: [`${ORDER}/pay`], see: leaving },
  'orders after payment': {
    routes: [ORDER, `${ORDER}/refund`, `${ORDER}/return`, `${ORDER}/returns/[returnId]`],
    see: afterSale,
  },
  'the pages of an account': {
    routes: [
      '/account',
      '/account/profile',
      '/account/addresses',
      '/account/addresses/new',
      '/account/addresses/[id]',
      '/account/password',
      '/account/security',
      '/account/api-keys',
      '/account/privacy',
      '/orders',
    ],
    see: account,
  },
};
