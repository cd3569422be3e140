/** The part of the API that the storefront uses, over the mock's memory. */
import { randomUUID } from 'node:crypto';
import type { CheckoutRequest } from '../../src/lib/api/types.ts';
import { ACCOUNT_ROUTES, user } from './account-api.ts';
import { ahead, categories, findVariant, FORMER, liesIn, products, stock } from './catalog.ts';
import { look, refusalOf } from './coupons.ts';
import { json, problem, readJson, setCookie, type Call, type Handler } from './http.ts';
import { ORDER_ROUTES, readOrder, shown } from './order-api.ts';
import { paymentMethods, unfit } from './payments.ts';
import { SEARCH_ROUTES } from './search-api.ts';
import * as shop from './shop.ts';

const CART = 'oxcart_cart';

const owner = (call: Call) => user(call)?.id ?? call.cookies.get(CART);

function listProducts({ url, response }: Call): void {
  const query = url.searchParams;
  const category = query.get('category');
  const least = Number(query.get('min_price') ?? 0);
  const most = Number(query.get('max_price') ?? Infinity);
  const found = products().filter(
    (product) =>
      (!category || liesIn(product.category.slug, category)) &&
      (query.get('in_stock') !== 'true' || product.availability !== 'sold_out') &&
      product.price_from.amount >= least &&
      product.price_from.amount <= most,
  );
  const sort = query.get('sort');
  if (sort === 'newest') found.reverse();
  if (sort === 'price_asc') found.sort((a, b) => a.price_from.amount - b.price_from.amount);
  if (sort === 'price_desc') found.sort((a, b) => b.price_from.amount - a.price_from.amount);
  const from = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 20);
  const next = from + limit < found.length ? String(from + limit) : null;
  json(response, 200, { items: found.slice(from, from + limit), next_cursor: next });
}

function getProduct({ id, response }: Call): void {
  if (id === 'boom') return problem(response, 500, 'INTERNAL');
  const product = products().find((candidate) => candidate.slug === id || candidate.id === id);
  const moved = FORMER[id];
  if (moved) return void response.writeHead(301, { location: `/api/products/${moved}` }).end();
  if (!product) return problem(response, 404, 'PRODUCT_NOT_FOUND');
  json(response, 200, product);
}

/** Noted, unless it can be bought, or the address is the one that waits for too much. */
async function askNotice({ id, request, response }: Call): Promise<void> {
  const { variant_id, email } = await readJson<{ variant_id: string; email: string }>(request);
  const product = products().find((candidate) => candidate.slug === id);
  const variant = product?.variants.find((candidate) => candidate.id === variant_id);
  if (!variant) return problem(response, 404, 'PRODUCT_NOT_FOUND');
  const pointer = email === 'much@example.com' ? '/email' : '/variant_id';
  if (pointer === '/variant_id' && variant.availability === 'sold_out') {
    return json(response, 202, { status: 'noted' });
  }
  problem(response, 422, 'VALIDATION_FAILED', { errors: [{ pointer, detail: 'is not good' }] });
}

function getCategory({ id, response }: Call): void {
  const category = categories().find(({ slug }) => slug === id);
  const moved = FORMER[id];
  if (moved) return void response.writeHead(301, { location: `/api/categories/${moved}` }).end();
  if (!category) return problem(response, 404, 'CATEGORY_NOT_FOUND');
  json(response, 200, { ...category, path: [] });
}

function shortage(call: Call, variant: string, requested: number): void {
  const available = stock.get(variant) ?? 0;
  problem(call.response, 409, 'INVENTORY_SHORTAGE', {
    shortages: [
      { variant_id: variant, sku: findVariant(variant)?.variant.sku ?? '', requested, available },
    ],
    errors: [{ pointer: '/quantity', detail: 'INVENTORY_SHORTAGE' }],
  });
}

/** How many can be bought: what may be ordered ahead is never short. */
const left = (variant: string) => (ahead.has(variant) ? 99 : (stock.get(variant) ?? 0));

async function addItem(call: Call): Promise<void> {
  const body = await readJson<{ variant_id: string; quantity: number }>(call.request);
  if (!findVariant(body.variant_id)) return problem(call.response, 404, 'PRODUCT_NOT_FOUND');
  let id = owner(call);
  if (!id) {
    id = randomUUID();
    setCookie(call.response, CART, id);
  }
  const lines = shop.carts.get(id) ?? [];
  const line = lines.find(({ variant }) => variant === body.variant_id);
  const wanted = (line?.quantity ?? 0) + body.quantity;
  if (wanted > left(body.variant_id)) return shortage(call, body.variant_id, wanted);
  if (line) line.quantity = wanted;
  else lines.push({ id: randomUUID(), variant: body.variant_id, quantity: wanted });
  shop.carts.set(id, lines);
  json(call.response, 200, shop.cartOf(id));
}

async function setItem(call: Call): Promise<void> {
  const { quantity } = await readJson<{ quantity: number }>(call.request);
  const id = owner(call) ?? '';
  const lines = shop.carts.get(id) ?? [];
  const line = lines.find((candidate) => candidate.id === call.id);
  if (!line) return problem(call.response, 404, 'CART_ITEM_NOT_FOUND');
  if (quantity > left(line.variant)) return shortage(call, line.variant, quantity);
  line.quantity = quantity;
  shop.carts.set(
    id,
    lines.filter((candidate) => candidate.quantity > 0),
  );
  json(call.response, 200, shop.cartOf(id));
}

async function setCoupon(call: Call): Promise<void> {
  const { code } = await readJson<{ code: string }>(call.request);
  let id = owner(call);
  const { coupon } = shop.cartOf(id, code);
  // One that needs a larger order is kept.
  if (coupon?.reason && coupon.reason !== 'minimum_not_reached') {
    return problem(call.response, 422, 'COUPON_INVALID', {
      reason: coupon.reason,
      errors: [{ pointer: '/code', detail: 'the coupon cannot be used' }],
    });
  }
  if (!id) {
    id = randomUUID();
    setCookie(call.response, CART, id);
  }
  shop.coupons.set(id, look(code, 0).code);
  json(call.response, 200, shop.cartOf(id));
}

function removeCoupon(call: Call): void {
  const id = owner(call);
  shop.coupons.delete(id ?? '');
  json(call.response, 200, shop.cartOf(id));
}

/** No work is asked for. */
function challenge({ response }: Call): void {
  json(response, 200, { challenge: 'none', bits: 0, expires_at: shop.now().toISOString() });
}

async function checkout(call: Call): Promise<void> {
  const key = call.request.headers['idempotency-key'];
  if (typeof key !== 'string') return problem(call.response, 400, 'IDEMPOTENCY_KEY_MISSING');
  const known = shop.answers.get(key);
  if (known) return json(call.response, known.status, known.body);
  const body = await readJson<CheckoutRequest>(call.request);
  if (body.note === 'busy') return problem(call.response, 503, 'QUEUE_FULL');

  shop.asked.push(body);
  const id = owner(call);
  const cart = shop.cartOf(id, body.coupon_code);
  if (cart.items.length === 0) return problem(call.response, 422, 'CART_EMPTY');
  const shortages = cart.items
    .filter((item) => item.quantity > left(item.variant_id))
    .map((item) => ({
      variant_id: item.variant_id,
      sku: item.sku,
      requested: item.quantity,
      available: stock.get(item.variant_id) ?? 0,
    }));
  if (shortages.length > 0) return problem(call.response, 409, 'INVENTORY_SHORTAGE', { shortages });
  const refused = cart.coupon && refusalOf(cart.coupon, !user(call));
  if (refused) {
    const errors = [{ pointer: '/coupon_code', detail: 'the coupon cannot be used' }];
    return problem(call.response, 422, 'COUPON_INVALID', { ...refused, errors });
  }
  const total = cart.total.amount + shop.feeOf(cart);
  if (body.expected_total && body.expected_total.amount !== total) {
    return problem(call.response, 409, 'PRICE_CHANGED');
  }

  const wrong = unfit(body.payment_method, total);
  if (wrong) return problem(call.response, 422, 'VALIDATION_FAILED', { errors: [wrong] });

  const { token, ...order } = shop.placeOrder(
    cart,
    {
      contact: body.contact,
      shipping_address: body.shipping_address,
      note: body.note ?? null,
      payment_method: body.payment_method,
    },
    user(call)?.id ?? null,
  );
  shop.carts.delete(id ?? '');
  shop.coupons.delete(id ?? '');
  const answer = { ...order, inventory_deduction_results: [], access_token: token };
  shop.answers.set(key, { status: 201, body: answer });
  json(call.response, 201, answer);
}

function getOrder(call: Call): void {
  const order = readOrder(call);
  if (order) json(call.response, 200, shown(order));
}

function events(call: Call): void {
  const order = readOrder(call);
  if (!order) return;
  call.response.writeHead(200, { 'content-type': 'text/event-stream' });
  const tell = () => {
    const data = { status: order.status, payment_status: null, reserved_until: null };
    call.response.write(`event: order\ndata: ${JSON.stringify(data)}\n\n`);
  };
  tell();
  call.request.on('close', shop.watch(order.id, tell));
}

function listOrders(call: Call): void {
  const id = user(call)?.id;
  if (!id) return problem(call.response, 401, 'AUTH_UNAUTHORIZED');
  const mine = [...shop.orders.values()].filter((order) => order.user === id).reverse();
  const items = mine.map(({ id: orderId, number, status, total, created_at, ...order }) => ({
    id: orderId,
    number,
    status,
    total,
    created_at,
    item_count: order.items.reduce((sum, item) => sum + item.quantity, 0),
    first_image: order.items[0]?.image ?? null,
  }));
  json(call.response, 200, { items, next_cursor: null });
}

async function advance({ request, response }: Call): Promise<void> {
  const { seconds } = await readJson<{ seconds: number }>(request);
  shop.advance(seconds);
  json(response, 200, { now: shop.now() });
}

async function setStock({ request, response }: Call): Promise<void> {
  const { sku, available } = await readJson<{ sku: string; available: number }>(request);
  const variant = products()
    .flatMap(({ variants }) => variants)
    .find((candidate) => candidate.sku === sku);
  if (!variant) return problem(response, 404, 'PRODUCT_NOT_FOUND');
  stock.set(variant.id, available);
  json(response, 200, {});
}

export const ROUTES: [method: string, path: RegExp, handler: Handler][] = [
  ['GET', /^\/api\/categories$/, ({ response }) => json(response, 200, { items: categories() })],
  ['GET', /^\/api\/categories\/([^/]+)$/, getCategory],
  ...SEARCH_ROUTES,
  ['GET', /^\/api\/products$/, listProducts],
  ['GET', /^\/api\/products\/([^/]+)$/, getProduct],
  ['POST', /^\/api\/products\/([^/]+)\/stock-notices$/, askNotice],
  [
    'DELETE',
    /^\/api\/stock-notices\/([^/]+)$/,
    ({ id, response }) =>
      id.length === 36 ? response.writeHead(204).end() : problem(response, 404, 'NOT_FOUND'),
  ],
  ['GET', /^\/api\/cart$/, (call) => json(call.response, 200, shop.cartOf(owner(call)))],
  ['POST', /^\/api\/cart\/items$/, addItem],
  ['POST', /^\/api\/cart\/coupon$/, setCoupon],
  ['DELETE', /^\/api\/cart\/coupon$/, removeCoupon],
  ['PATCH', /^\/api\/cart\/items\/([^/]+)$/, setItem],
  [
    'GET',
    /^\/api\/shipping-methods$/,
    ({ response }) => json(response, 200, { items: shop.shippingMethods }),
  ],
  [
    'GET',
    /^\/api\/payment-methods$/,
    ({ response }) => json(response, 200, { items: paymentMethods }),
  ],
  ['GET', /^\/api\/challenge$/, challenge],
  ['POST', /^\/api\/checkout$/, checkout],
  ['GET', /^\/api\/orders$/, listOrders],
  ['GET', /^\/api\/orders\/([^/]+)$/, getOrder],
  ['GET', /^\/api\/orders\/([^/]+)\/events$/, events],
  ...ORDER_ROUTES,
  ...ACCOUNT_ROUTES,
  ['POST', /^\/api\/dev\/clock\/advance$/, advance],
  ['POST', /^\/api\/dev\/stock$/, setStock],
  ['GET', /^\/api\/dev\/asked$/, ({ response }) => json(response, 200, { items: shop.asked })],
];
