/** Orders in every state, for the tests of their pages. */
import { expect, type Page } from '@playwright/test';
import type { Order, OrderRefund, Shipment } from '../../src/lib/api/types.ts';
import type { OrderChange } from '../mock/order-api.ts';
import { visit } from './people.ts';
import { addToCart, fillCheckout } from './shop.ts';

/** Which order the page is about. */
export function orderId(page: Page): string {
  const id = /\/orders\/([0-9a-f-]{36})/.exec(page.url())?.[1];
  if (!id) throw new Error(`no order's page: ${page.url()}`);
  return id;
}

export async function checkOut(page: Page, slug: string, method: string, prefix = '') {
  await addToCart(page, slug, prefix);
  await visit(page, `${prefix}/checkout`);
  await fillCheckout(page);
  await page.getByTestId(`method-${method}`).getByRole('radio').check();
  await page.getByTestId('place-order').click();
}

/** An order with a code to be paid by, on its page. */
export async function getCode(page: Page, slug: string, method: string, prefix = '') {
  await checkOut(page, slug, method, prefix);
  await page.getByTestId('sim-issue').click();
  await page.getByTestId('sim-back').click();
  await expect(page.getByTestId('payment-code')).toBeVisible();
}

/** A paid order, on its page. */
export async function buy(page: Page, slug: string, method = 'ecpay_credit', prefix = '') {
  await checkOut(page, slug, method, prefix);
  await page.getByTestId('sim-pay').click();
  await page.getByTestId('view-order').click();
  await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'paid');
}

/** What happens at the shop: the order becomes so. */
export async function set(page: Page, change: OrderChange): Promise<Order> {
  const answer = await page.request.post(`/api/dev/orders/${orderId(page)}`, { data: change });
  expect(answer.ok(), await answer.text()).toBe(true);
  return (await answer.json()) as Order;
}

/** Money that went back. */
export function refundOf(amount: number): OrderRefund {
  return {
    id: crypto.randomUUID(),
    status: 'succeeded',
    amount: { amount, currency: 'TWD' },
    reason: 'returned',
    automatic: true,
    lines: [],
    by_transfer: false,
    account_needed: false,
    account: null,
    created_at: '2026-11-21T08:00:00Z',
    ended_at: '2026-11-21T08:01:00Z',
  };
}

/** Sends everything in two parcels: one has arrived, the other is on its way. */
export async function ship(page: Page): Promise<void> {
  const order = await set(page, {});
  const parcel = (number: number, more: Partial<Shipment>): Shipment => ({
    id: crypto.randomUUID(),
    order_id: order.id,
    parcel: number,
    warehouse_id: crypto.randomUUID(),
    status: 'shipped',
    carrier: { code: 'tcat', name: { zh_tw: '黑貓宅急便', en: 'T-CAT' } },
    tracking_number: `901234567${number}`,
    tracking_url: `https://carrier.example/${number}`,
    version: 3,
    created_at: '2026-11-20T02:00:00Z',
    shipped_at: '2026-11-20T06:00:00Z',
    delivered_at: null,
    lines: order.items.map(({ line_no, variant_id }) => ({ line_no, variant_id, quantity: 1 })),
    ...more,
  });
  const delivered = { status: 'delivered', delivered_at: '2026-11-21T03:30:00Z' } as const;
  await set(page, { shipments: [parcel(1, delivered), parcel(2, {})], status: 'shipped' });
}

/** Opens the question whether the order is to be cancelled. */
export async function openCancel(page: Page): Promise<void> {
  await page.locator('details:has([data-testid="cancel-order"]) > summary').click();
}
