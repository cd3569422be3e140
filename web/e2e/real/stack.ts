/** The running shop, seen from outside: its API, its clock. */
import { expect, type APIRequestContext, type Page } from '@playwright/test';
import type { Product, ProductPage, Variant } from '../../src/lib/api/types.ts';

/** What whoever started the shop has told about it. */
export function env(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set; see web/README.md`);
  return value;
}

export interface Balance {
  warehouse_id: string;
  total: number;
  available: number;
  reserved: number;
  sold: number;
  /** Counts its changes. */
  version: number;
}

/** One reading of a variant's stock, added up over its warehouses. */
export type Stock = Pick<Balance, 'available' | 'reserved' | 'sold'>;

export async function bearer(request: APIRequestContext): Promise<Record<string, string>> {
  const data = { email: env('E2E_ADMIN_EMAIL'), password: env('E2E_ADMIN_PASSWORD') };
  const answer = await request.post('/api/auth/login', { data });
  expect(answer.status(), await answer.text()).toBe(200);
  const { access_token } = (await answer.json()) as { access_token: string };
  return { authorization: `Bearer ${access_token}` };
}

export async function balances(request: APIRequestContext, variant: string): Promise<Balance[]> {
  const headers = await bearer(request);
  const answer = await request.get(`/api/admin/inventory/${variant}`, { headers });
  expect(answer.status(), await answer.text()).toBe(200);
  return ((await answer.json()) as { balances: Balance[] }).balances;
}

export async function stockOf(request: APIRequestContext, variant: string): Promise<Stock> {
  const all = await balances(request, variant);
  for (const { total, available, reserved, sold } of all) {
    expect(total).toBe(available + reserved + sold);
  }
  const sum = (bucket: keyof Stock) => all.reduce((total, row) => total + row[bucket], 0);
  return { available: sum('available'), reserved: sum('reserved'), sold: sum('sold') };
}

export interface Offer {
  product: Product;
  variant: Variant;
}

/** Every variant of the shop, a page of products at a time. */
export async function* offers(request: APIRequestContext): AsyncGenerator<Offer> {
  let cursor: string | null | undefined;
  do {
    const params = { limit: '50', ...(cursor ? { cursor } : {}) };
    const page = (await (await request.get('/api/products', { params })).json()) as ProductPage;
    for (const { slug } of page.items) {
      const product = (await (await request.get(`/api/products/${slug}`)).json()) as Product;
      for (const variant of product.variants) yield { product, variant };
    }
    cursor = page.next_cursor;
  } while (cursor);
}

/** Variants of different products with plenty in stock. */
export async function plentiful(request: APIRequestContext, count: number): Promise<Offer[]> {
  const found: Offer[] = [];
  for await (const offer of offers(request)) {
    const isPlenty =
      offer.variant.availability === 'in_stock' && offer.variant.available_display == null;
    const isNew = found.every(({ product }) => product.id !== offer.product.id);
    if (isPlenty && isNew) found.push(offer);
    if (found.length === count) return found;
  }
  throw new Error(`the shop has no ${count} products in plenty`);
}

export async function offerBySku(request: APIRequestContext, sku: string): Promise<Offer> {
  for await (const offer of offers(request)) if (offer.variant.sku === sku) return offer;
  throw new Error(`no variant has the SKU ${sku}`);
}

/** Brings a variant to exactly `wanted` units: others buy the rest, or some are received. */
export async function leave(
  request: APIRequestContext,
  { variant }: Offer,
  wanted: number,
): Promise<void> {
  const before = await stockOf(request, variant.id);
  if (before.available < wanted) {
    const [warehouse] = await balances(request, variant.id);
    const answer = await request.post(`/api/admin/inventory/${variant.id}/receive`, {
      headers: await bearer(request),
      data: {
        warehouse_id: warehouse?.warehouse_id,
        quantity: wanted - before.available,
        reason: 'e2e',
      },
    });
    expect(answer.ok(), await answer.text()).toBe(true);
  }
  for (let rest = before.available - wanted; rest > 0; rest -= 99) {
    const answer = await request.post('/api/orders', {
      headers: { 'idempotency-key': crypto.randomUUID() },
      data: {
        items: [{ variant_id: variant.id, quantity: Math.min(rest, 99) }],
        contact: { email: 'others@example.com', phone: '0912345678' },
        shipping_address: {
          name: '陳大文',
          phone: '0912345678',
          postal_code: '100',
          city: '臺北市',
          district: '中正區',
          address1: '重慶南路一段 122 號',
          address2: null,
        },
        shipping_method: 'home_delivery',
        payment_method: 'ecpay_credit',
      },
    });
    expect(answer.status(), await answer.text()).toBe(201);
  }
  expect((await stockOf(request, variant.id)).available).toBe(wanted);
}

/** What the shop takes for now. */
export async function clockOf(request: APIRequestContext): Promise<Date> {
  const answer = await request.get('/api/dev/clock');
  expect(answer.ok(), await answer.text()).toBe(true);
  return new Date(((await answer.json()) as { now: string }).now);
}

export async function advanceClock(request: APIRequestContext, seconds: number): Promise<void> {
  const answer = await request.post('/api/dev/clock/advance', { data: { seconds } });
  expect(answer.ok(), await answer.text()).toBe(true);
}

/** The order a browser has just placed, as its cookie knows it. */
export async function orderOf(page: Page): Promise<string> {
  const names = (await page.context().cookies()).map(({ name }) => name);
  const orders = names.filter((name) => name.startsWith('oxcart_order_')).sort();
  const id = orders.at(-1)?.slice('oxcart_order_'.length);
  if (!id) throw new Error('this browser has placed no order');
  return id;
}
