/** What people of the shop do, by the API of the back office. */
import { expect, type APIRequestContext } from '@playwright/test';
import type { AdminProduct, Order, Return, Shipment } from '../../src/lib/api/types.ts';
import { balances, bearer, type Offer } from './stack.ts';

type Headers = Record<string, string>;

async function send<T>(
  request: APIRequestContext,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  { data, headers = {} }: { data?: unknown; headers?: Headers } = {},
): Promise<T> {
  const answer = await request.fetch(`/api/admin/${path}`, {
    method,
    headers: { ...(await bearer(request)), ...headers },
    ...(data === undefined ? {} : { data }),
  });
  expect(answer.ok(), `${method} ${path}: ${await answer.text()}`).toBe(true);
  return (await answer.json()) as T;
}

/** Units of an order, and where they wait. */
interface Fulfilment {
  line_no: number;
  variant_id: string;
  warehouse_id: string;
  to_ship: number;
}

type OrderForShop = Pick<Order, 'status' | 'returns'> & { fulfilments: Fulfilment[] };

export function orderForShop(request: APIRequestContext, id: string): Promise<OrderForShop> {
  return send(request, 'GET', `orders/${id}`);
}

/** Plans, packs and sends one parcel with what waits of a line, and gives it back. */
export async function sendParcel(
  request: APIRequestContext,
  order: string,
  { line_no, warehouse_id, to_ship }: Fulfilment,
  tracking: string,
): Promise<Shipment> {
  const planned = await send<Shipment>(request, 'POST', `orders/${order}/shipments`, {
    data: {
      warehouse_id,
      lines: [{ line_no, quantity: to_ship }],
      carrier: 'tcat',
      tracking_number: tracking,
    },
  });
  const packed = await change(request, planned, 'ready_to_ship');
  return change(request, packed, 'shipped');
}

/** What became of a parcel. */
export function change(
  request: APIRequestContext,
  { id, version }: Pick<Shipment, 'id' | 'version'>,
  status: 'ready_to_ship' | 'shipped' | 'delivered',
): Promise<Shipment> {
  const headers = { 'if-match': `"${version}"` };
  return send(request, 'PATCH', `shipments/${id}`, { data: { status }, headers });
}

/** The goods may come, they come, and they are in order. */
export async function takeBack(
  request: APIRequestContext,
  { id, lines }: Return,
  answer: string,
): Promise<Return> {
  await send(request, 'POST', `returns/${id}/approve`, { data: { answer } });
  const came = lines.map(({ line_no, quantity }) => ({ line_no, received: quantity }));
  await send(request, 'POST', `returns/${id}/receive`, { data: { lines: came } });
  const found = lines.map(({ line_no, quantity }) => ({ line_no, restock: quantity }));
  return send(request, 'POST', `returns/${id}/inspect`, { data: { lines: found } });
}

/** Gives a variant another price. */
export async function setPrice(
  request: APIRequestContext,
  { product, variant }: Offer,
  amount: number,
): Promise<void> {
  const path = `products/${product.id}`;
  const { variants, version } = await send<AdminProduct>(request, 'GET', path);
  const dearer = variants.map((one) =>
    one.id === variant.id ? { ...one, price: { ...one.price, amount } } : one,
  );
  const headers = { 'if-match': `"${version}"` };
  await send(request, 'PATCH', path, { data: { variants: dearer, reason: 'e2e' }, headers });
}

/** Corrects the books of one warehouse. */
async function adjust(
  request: APIRequestContext,
  variant: string,
  warehouse: string,
  by: number,
): Promise<void> {
  const all = await balances(request, variant);
  const version = all.find(({ warehouse_id }) => warehouse_id === warehouse)?.version;
  const data = { warehouse_id: warehouse, by, reason: 'e2e' };
  const headers = { 'if-match': `"${version}"` };
  await send(request, 'POST', `inventory/${variant}/adjust`, { data, headers });
}

/** Takes all that is available of a variant off the books; what is given back puts it on again. */
export async function sellOut(
  request: APIRequestContext,
  { variant }: Offer,
): Promise<() => Promise<void>> {
  const taken = (await balances(request, variant.id)).filter(({ available }) => available > 0);
  for (const { warehouse_id, available } of taken) {
    await adjust(request, variant.id, warehouse_id, -available);
  }
  return async () => {
    for (const { warehouse_id, available } of taken) {
      await adjust(request, variant.id, warehouse_id, available);
    }
  };
}
