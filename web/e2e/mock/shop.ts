/** Carts, sessions and orders of the mock, in memory. */
import { randomUUID } from 'node:crypto';
import type {
  Cart,
  CartItem,
  CheckoutRequest,
  Order,
  OrderRefund,
  OrderStatus,
} from '../../src/lib/api/types.ts';
import { resetAccounts } from './accounts.ts';
import { ahead, findVariant, restock, stock, text, twd } from './catalog.ts';
import { adjustmentsOf, look } from './coupons.ts';

const FREE_FROM = 1500;
const FEE = 80;
const HOLD_MS = 30 * 60_000;

export const carts = new Map<string, { id: string; variant: string; quantity: number }[]>();
/** The codes in the carts. */
export const coupons = new Map<string, string>();
/** Every order that was asked for, as it was sent. */
export const asked: CheckoutRequest[] = [];
export const orders = new Map<string, Order & { token: string; user: string | null }>();
/** What of orders' money goes back. */
export const refunds = new Map<string, OrderRefund[]>();
/** Refunds that are paid out at the moment in which somebody next asks for an order's. */
export const dueRefunds = new Map<string, OrderRefund[]>();
export const answers = new Map<string, { status: number; body: unknown }>();
const watchers = new Map<string, Set<() => void>>();
let offset = 0;
let count = 0;

export function now(): Date {
  return new Date(Date.now() + offset);
}

export function reset(): void {
  for (const map of [carts, coupons, orders, answers, refunds, dueRefunds]) map.clear();
  asked.length = 0;
  offset = 0;
  restock();
  resetAccounts();
}

export const shippingMethods = [
  {
    code: 'home_delivery',
    name: text('宅配到府', 'Home delivery'),
    description: text('本島 1–3 個工作天', '1–3 working days'),
    fee: twd(FEE),
    free_from: twd(FREE_FROM),
  },
];

/** What costs less than it usually does, and by which price list. */
const PRICE_LISTS: Record<string, Pick<CartItem, 'usual_price' | 'price_list'>> = {
  'ALISHAN-HIGH-MOUNTAIN-OOLONG-1': {
    usual_price: twd(980),
    price_list: { zh_tw: '茶季優惠', en: 'Tea season' },
  },
};

/** A cart with the coupon that was put into it, or with another one. */
export function cartOf(owner: string | undefined, other?: string | null): Cart {
  const lines = (owner && carts.get(owner)) || [];
  const items = lines.flatMap(({ id, variant: variantId, quantity }): CartItem[] => {
    const found = findVariant(variantId);
    if (!found) return [];
    const { product, variant } = found;
    const left = stock.get(variantId) ?? 0;
    const isAhead = ahead.has(variantId);
    return [
      {
        id,
        variant_id: variantId,
        product_slug: product.slug,
        sku: variant.sku,
        name: product.name,
        variant_name: variant.name,
        image: variant.image ?? null,
        quantity,
        unit_price: variant.price,
        line_total: twd(variant.price.amount * quantity),
        ...(PRICE_LISTS[variant.sku] ?? {}),
        available: isAhead ? 99 : Math.min(99, left),
        availability: variant.availability,
        ...(isAhead && quantity > left
          ? { backordered: quantity - left, available_from: ahead.get(variantId) ?? null }
          : {}),
      },
    ];
  });
  const subtotal = items.reduce((sum, item) => sum + item.line_total.amount, 0);
  const code = other ?? coupons.get(owner ?? '') ?? null;
  const coupon = code === null ? null : look(code, subtotal);
  const discount = coupon?.discount.amount ?? 0;
  return {
    id: owner ?? null,
    items,
    item_count: items.reduce((sum, item) => sum + item.quantity, 0),
    subtotal: twd(subtotal),
    discount: twd(discount),
    adjustments: adjustmentsOf(
      coupon,
      items.map((item) => item.line_total),
    ),
    shipping_fee: null,
    total: twd(subtotal - discount),
    vat_included: vatOf(subtotal - discount),
    coupon_code: coupon?.code ?? null,
    coupon,
    free_shipping_remaining: twd(shipsFree(coupon) ? 0 : Math.max(0, FREE_FROM - subtotal)),
  };
}

/** The 5 % tax that a total includes. */
const vatOf = (total: number) => twd(total - Math.floor((total * 20 + 10) / 21));

const shipsFree = (coupon: Cart['coupon']) =>
  coupon?.applies === true && coupon.kind === 'free_shipping';

/** What sending a cart costs. */
export function feeOf({ coupon, subtotal }: Cart): number {
  return shipsFree(coupon) || subtotal.amount >= FREE_FROM ? 0 : FEE;
}

type Buyer = Pick<Order, 'contact' | 'shipping_address' | 'note' | 'payment_method'>;

/** Takes everything or nothing; the caller has looked at the stock in the same breath. */
export function placeOrder(cart: Cart, buyer: Buyer, user: string | null) {
  for (const item of cart.items) {
    stock.set(item.variant_id, (stock.get(item.variant_id) ?? 0) - item.quantity);
  }
  const at = now();
  count += 1;
  const order = {
    id: randomUUID(),
    number: `OX${at.toISOString().slice(2, 10).replaceAll('-', '')}${String(count).padStart(4, '0')}`,
    status: 'pending_payment' as OrderStatus,
    items: cart.items.map((item, line) => ({
      line_no: line + 1,
      variant_id: item.variant_id,
      product_slug: item.product_slug,
      sku: item.sku,
      name: item.name,
      variant_name: item.variant_name,
      image: item.image ?? null,
      quantity: item.quantity,
      unit_price: item.unit_price,
      line_total: item.line_total,
    })),
    contact: buyer.contact,
    shipping_address: buyer.shipping_address,
    shipping_method: 'home_delivery',
    payment_method: buyer.payment_method,
    note: buyer.note ?? null,
    subtotal: cart.subtotal,
    discount: cart.discount,
    adjustments: cart.adjustments,
    shipping_fee: twd(feeOf(cart)),
    total: twd(cart.total.amount + feeOf(cart)),
    vat_included: vatOf(cart.total.amount + feeOf(cart)),
    reserved_until: new Date(at.getTime() + HOLD_MS).toISOString(),
    created_at: at.toISOString(),
    paid_at: null,
    payments: [],
    shipments: [],
    returns: [],
    timeline: [
      {
        at: at.toISOString(),
        kind: 'order' as const,
        id: randomUUID(),
        from: null,
        to: 'pending_payment',
        actor: 'customer' as const,
        reason: null,
      },
    ],
    token: randomUUID().replaceAll('-', ''),
    user,
  } satisfies Order & { token: string; user: string | null };
  orders.set(order.id, order);
  return order;
}

export function move(id: string, to: OrderStatus, actor: Order['timeline'][number]['actor']): void {
  const order = orders.get(id);
  if (!order || order.status === to) return;
  const at = now().toISOString();
  order.timeline.push({ at, kind: 'order', id, from: order.status, to, actor, reason: null });
  order.status = to;
  if (to === 'paid') order.paid_at = at;
  if (to === 'cancelled') {
    for (const item of order.items) {
      stock.set(item.variant_id, (stock.get(item.variant_id) ?? 0) + item.quantity);
    }
  }
  changed(id);
}

/** Tells whoever follows an order. */
export function changed(id: string): void {
  for (const tell of watchers.get(id) ?? []) tell();
}

export function watch(id: string, tell: () => void): () => void {
  const group = watchers.get(id) ?? new Set();
  watchers.set(id, group);
  group.add(tell);
  return () => group.delete(tell);
}

/** Moves the clock, and lets what has run out expire. */
export function advance(seconds: number): void {
  offset += seconds * 1000;
  for (const order of orders.values()) {
    const isOver = Date.parse(order.reserved_until) <= now().getTime();
    if (order.status === 'pending_payment' && isOver) move(order.id, 'cancelled', 'system');
  }
}

reset();
