/** What the API does with an order: paying, cancelling, refunds, returns. */
import { randomUUID } from 'node:crypto';
import type {
  Order,
  OrderRefund,
  RefundAccount,
  Return,
  ReturnCause,
} from '../../src/lib/api/types.ts';
import { user } from './account-api.ts';
import { json, problem, readBytes, readJson, type Call, type Handler } from './http.ts';
import { begin, settle, unfit } from './payments.ts';
import * as shop from './shop.ts';

const BY_CARD = 'ecpay_credit';
const pictures = new Map<string, Buffer[]>();

/** The order of a call, when the caller may see it; otherwise the refusal has been sent. */
export function readOrder(call: Call) {
  const order = shop.orders.get(call.id);
  const token = call.request.headers['x-order-token'] ?? call.url.searchParams.get('access_token');
  const mine = order && (order.token === token || (order.user && order.user === user(call)?.id));
  if (mine) return order;
  problem(call.response, 404, 'ORDER_NOT_FOUND');
  return undefined;
}

export function shown(order: Order): Order {
  return { ...order, token: undefined, user: undefined } as Order;
}

async function startPayment(call: Call): Promise<void> {
  const order = readOrder(call);
  if (!order) return;
  const { method = order.payment_method } = await readJson<{ method?: string }>(call.request);
  const key = `pay.${String(call.request.headers['idempotency-key'])}`;
  const known = shop.answers.get(key);
  if (known) return json(call.response, known.status, known.body);
  const isOpen = order.status === 'pending_payment' || order.status === 'payment_failed';
  if (!isOpen) return problem(call.response, 409, 'INVALID_TRANSITION');
  const wrong = unfit(method, order.total.amount);
  if (wrong) {
    const errors = [{ ...wrong, pointer: '/method' }];
    return problem(call.response, 422, 'VALIDATION_FAILED', { errors });
  }
  const payment = begin(order, method);
  const isElsewhere = payment.transfer !== null || method === 'cash_on_delivery';
  const fields = [
    { name: 'order', value: order.id },
    { name: 'payment', value: payment.id },
    { name: 'method', value: method },
  ];
  const body = {
    payment_id: payment.id,
    provider: isElsewhere ? method : 'ecpay',
    payment_method: method,
    // Another origin than the shop's, as the real one is.
    action: isElsewhere
      ? `/orders/${order.id}`
      : `http://localhost:${call.request.socket.localPort}/provider`,
    method: isElsewhere ? 'GET' : 'POST',
    fields: isElsewhere ? [] : fields,
    transfer: payment.transfer,
    pay_until: payment.pay_until,
    expires_at: order.reserved_until,
  };
  shop.answers.set(key, { status: 201, body });
  if (method === 'cash_on_delivery') {
    shop.move(order.id, 'paid', 'customer');
    order.paid_at = null;
  }
  json(call.response, 201, body);
}

/** Money of an order goes back: to the card, or to an account that has to be told. */
function refund(order: Order, more: Partial<OrderRefund>): OrderRefund {
  const kept = order.payments.find(({ status }) => status === 'succeeded');
  const byTransfer = kept?.method !== BY_CARD;
  const made: OrderRefund = {
    id: randomUUID(),
    status: 'processing',
    amount: order.total,
    reason: 'cancelled',
    automatic: true,
    lines: [],
    by_transfer: byTransfer,
    account_needed: byTransfer && !more.account,
    account: null,
    created_at: shop.now().toISOString(),
    ended_at: null,
    ...more,
  };
  shop.refunds.set(order.id, [...(shop.refunds.get(order.id) ?? []), made]);
  shop.move(order.id, 'refund_requested', 'customer');
  return made;
}

const isPaidUnsent = ({ status }: Order) => status === 'paid' || status === 'preparing_shipment';

function cancel(call: Call): void {
  const order = readOrder(call);
  if (!order) return;
  if (order.status === 'pending_payment' || order.status === 'payment_failed') {
    shop.move(order.id, 'cancelled', 'customer');
  } else if (isPaidUnsent(order) && !order.paid_at) {
    shop.move(order.id, 'cancelled', 'customer');
  } else if (isPaidUnsent(order)) {
    refund(order, {});
  } else {
    return problem(call.response, 409, 'INVALID_TRANSITION');
  }
  json(call.response, 200, shown(order));
}

function listRefunds(call: Call): void {
  const order = readOrder(call);
  if (!order) return;
  const due = shop.dueRefunds.get(order.id);
  if (due) {
    shop.dueRefunds.delete(order.id);
    shop.refunds.set(order.id, due);
    const last = order.payments.at(-1);
    if (last) last.status = 'partially_refunded';
  }
  json(call.response, 200, { items: shop.refunds.get(order.id) ?? [] });
}

interface NewRefund {
  reason: string;
  account?: RefundAccount | null;
}

const masked = ({ account_number }: RefundAccount) => account_number.slice(-4);

async function askRefund(call: Call): Promise<void> {
  const order = readOrder(call);
  if (!order) return;
  const body = await readJson<NewRefund>(call.request);
  const key = `refund.${String(call.request.headers['idempotency-key'])}`;
  const known = shop.answers.get(key);
  if (known) return json(call.response, known.status, known.body);
  if (!isPaidUnsent(order)) return problem(call.response, 409, 'INVALID_TRANSITION');
  const account = body.account ? masked(body.account) : null;
  const answer = refund(order, {
    status: 'requested',
    reason: body.reason,
    automatic: false,
    account,
  });
  shop.answers.set(key, { status: 201, body: answer });
  json(call.response, 201, answer);
}

/** What stands in an address after the order's id. */
const rest = (call: Call) => call.url.pathname.split('/').slice(5);

async function setAccount(call: Call): Promise<void> {
  const order = readOrder(call);
  if (!order) return;
  const [id] = rest(call);
  const found = shop.refunds.get(order.id)?.find((candidate) => candidate.id === id);
  if (!found) return problem(call.response, 404, 'REFUND_NOT_FOUND');
  if (!found.account_needed) return problem(call.response, 409, 'INVALID_TRANSITION');
  found.account = masked(await readJson<RefundAccount>(call.request));
  found.account_needed = false;
  json(call.response, 200, found);
}

interface NewReturn {
  cause: ReturnCause;
  reason?: string;
  lines: { line_no: number; quantity: number }[];
}

async function askReturn(call: Call): Promise<void> {
  const order = readOrder(call);
  if (!order) return;
  const { cause, reason = '', lines } = await readJson<NewReturn>(call.request);
  if (order.status !== 'shipped') return problem(call.response, 409, 'INVALID_TRANSITION');
  // A word that a test writes to be too late.
  if (reason === 'too late') return problem(call.response, 409, 'RETURN_PERIOD_OVER');
  const back: Return = {
    id: randomUUID(),
    order_id: order.id,
    number: order.returns.length + 1,
    status: 'requested',
    cause,
    reason,
    answer: null,
    refund_id: null,
    version: 1,
    requested_at: shop.now().toISOString(),
    closed_at: null,
    lines: lines.map((line) => ({
      ...line,
      received: 0,
      restocked: 0,
      written_off: 0,
      refused: 0,
      finding: null,
    })),
    pictures: 0,
  };
  order.returns.push(back);
  shop.move(order.id, 'return_requested', 'customer');
  json(call.response, 201, back);
}

function readReturn(call: Call): [Order, Return] | undefined {
  const order = readOrder(call);
  if (!order) return undefined;
  const [id] = rest(call);
  const back = order.returns.find((candidate) => candidate.id === id);
  if (back) return [order, back];
  problem(call.response, 404, 'RETURN_NOT_FOUND');
  return undefined;
}

function cancelReturn(call: Call): void {
  const found = readReturn(call);
  if (!found) return;
  const [order, back] = found;
  back.status = 'cancelled';
  back.closed_at = shop.now().toISOString();
  shop.move(order.id, 'shipped', 'customer');
  json(call.response, 200, back);
}

async function addPicture(call: Call): Promise<void> {
  const found = readReturn(call);
  if (!found) return;
  const bytes = await readBytes(call.request);
  const [, back] = found;
  const kept = pictures.get(back.id) ?? [];
  const kind = call.request.headers['content-type'] ?? '';
  if (!kind.startsWith('image/')) return problem(call.response, 415, 'UNSUPPORTED_MEDIA_TYPE');
  if (back.status !== 'requested' || kept.length >= 6) {
    return problem(call.response, 409, 'INVALID_TRANSITION');
  }
  pictures.set(back.id, [...kept, bytes]);
  back.pictures = kept.length + 1;
  json(call.response, 201, back);
}

function getPicture(call: Call): void {
  const found = readReturn(call);
  if (!found) return;
  const position = Number(rest(call)[2]);
  const bytes = pictures.get(found[1].id)?.[position - 1];
  if (!bytes) return problem(call.response, 404, 'RETURN_NOT_FOUND');
  call.response.writeHead(200, { 'content-type': 'image/jpeg' });
  call.response.end(bytes);
}

/** A guest's order by its number; whatever is wrong, the answer is the same. */
async function lookUp(call: Call): Promise<void> {
  const { number, email, phone } = await readJson<{
    number: string;
    email?: string;
    phone?: string;
  }>(call.request);
  // A word that a test writes to be refused for it.
  if (number === 'nonsense') {
    const errors = [{ pointer: '/number', detail: 'is not an order’s number' }];
    return problem(call.response, 422, 'VALIDATION_FAILED', { errors });
  }
  const order = [...shop.orders.values()].find((candidate) => candidate.number === number);
  const isTheirs = email ? order?.contact.email === email : order?.contact.phone === phone;
  if (!order || !isTheirs || order.user) return problem(call.response, 404, 'ORDER_NOT_FOUND');
  json(call.response, 200, { id: order.id, number, access_token: order.token });
}

/** What becomes of an order. */
export type OrderChange = Partial<Order> & {
  refunds?: OrderRefund[];
  dueRefunds?: OrderRefund[];
  pays?: boolean;
};

/** What the shop's people do: whatever a test says the order is now. */
async function setOrder(call: Call): Promise<void> {
  const order = shop.orders.get(call.id);
  if (!order) return problem(call.response, 404, 'ORDER_NOT_FOUND');
  const change = await readJson<OrderChange>(call.request);
  const { refunds, dueRefunds, pays, status, ...more } = change;
  const last = order.payments.at(-1);
  if (pays !== undefined && last) settle(order, last, pays);
  Object.assign(order, more);
  if (refunds) shop.refunds.set(order.id, refunds);
  if (dueRefunds) shop.dueRefunds.set(order.id, dueRefunds);
  if (status) shop.move(order.id, status, 'staff');
  shop.changed(order.id);
  json(call.response, 200, shown(order));
}

const ORDER = '^/api/orders/([^/]+)';

export const ORDER_ROUTES: [method: string, path: RegExp, handler: Handler][] = [
  ['POST', /^\/api\/orders\/lookup$/, lookUp],
  ['POST', new RegExp(`${ORDER}/cancel$`), cancel],
  ['POST', new RegExp(`${ORDER}/payments$`), startPayment],
  ['GET', new RegExp(`${ORDER}/refunds$`), listRefunds],
  ['POST', new RegExp(`${ORDER}/refunds$`), askRefund],
  ['PUT', new RegExp(`${ORDER}/refunds/[^/]+/account$`), setAccount],
  ['POST', new RegExp(`${ORDER}/returns$`), askReturn],
  ['POST', new RegExp(`${ORDER}/returns/[^/]+/cancel$`), cancelReturn],
  ['POST', new RegExp(`${ORDER}/returns/[^/]+/pictures$`), addPicture],
  ['GET', new RegExp(`${ORDER}/returns/[^/]+/pictures/\\d+$`), getPicture],
  ['POST', /^\/api\/dev\/orders\/([^/]+)$/, setOrder],
];
