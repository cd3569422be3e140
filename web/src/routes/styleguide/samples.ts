/** Things that the style guide shows: every state that a component can be in. */
import type { Refusal } from '#lib/api/problem.ts';
import type {
  Availability,
  BundlePart,
  Cart,
  CartItem,
  Image,
  LocalizedText,
  OrderStatus,
  Product,
  ProductSummary,
  TimelineEntry,
  Variant,
} from '#lib/api/types.ts';

const text = (zh_tw: string, en: string): LocalizedText => ({ zh_tw, en });
const twd = (amount: number) => ({ amount, currency: 'TWD' as const });

/** Drawn here, so that the style guide needs no shop behind it. */
function drawing(colour: string): Image {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><circle cx="50" cy="54" r="26" fill="${colour}"/></svg>`;
  return {
    url: `data:image/svg+xml,${encodeURIComponent(svg)}`,
    alt: text('圓形的示意圖', 'A circle, as a sample'),
    width: 100,
    height: 100,
    renditions: [],
  };
}

const BLUE = drawing('#2a4a7f');
const GREEN = drawing('#2b6446');

function variant(n: number, availability: Availability, more: Partial<Variant> = {}): Variant {
  return {
    id: `sample-${n}`,
    sku: `SAMPLE-${n}`,
    name: text(`款式 ${n}`, `Style ${n}`),
    options: [text(`款式 ${n}`, `Style ${n}`)],
    price: twd(1280),
    compare_at: null,
    availability,
    available_display: null,
    image: n % 2 ? BLUE : GREEN,
    ...more,
  };
}

export const VARIANTS: readonly Variant[] = [
  variant(1, 'in_stock'),
  variant(2, 'low_stock', { available_display: 3 }),
  variant(3, 'backorder', { backorder: { available_from: '2026-12-24' } }),
  variant(4, 'sold_out'),
];

function summary(n: number, more: Partial<ProductSummary>): ProductSummary {
  return {
    id: `sample-${n}`,
    slug: 'sample',
    name: text('手拉坯茶杯', 'Hand-thrown Teacup'),
    subtitle: text('苗栗柴燒，每只都不一樣', 'Wood-fired in Miaoli, no two alike'),
    category: { slug: `sample-${n}`, name: text('廚房與餐桌', 'Kitchen & Table') },
    image: n % 2 ? BLUE : GREEN,
    price_from: twd(1280),
    price_to: twd(1280),
    compare_at: null,
    availability: 'in_stock',
    badges: [],
    ...more,
  };
}

export const CARDS: readonly ProductSummary[] = [
  summary(1, { badges: ['new'] }),
  summary(2, { price_to: twd(1680), availability: 'low_stock' }),
  summary(3, { compare_at: twd(1480), badges: ['bestseller'] }),
  summary(4, { availability: 'backorder' }),
  summary(5, { availability: 'sold_out' }),
  summary(6, { image: null, name: text('還沒拍照的東西', 'Something not yet photographed') }),
];

export const PRODUCT: Product = {
  ...summary(1, {}),
  category_path: [{ slug: 'sample', name: text('廚房與餐桌', 'Kitchen & Table') }],
  description: text('樣本', 'Sample'),
  description_html: null,
  tags: [],
  related: [],
  images: [BLUE, GREEN],
  options: [{ name: text('款式', 'Style'), values: VARIANTS.flatMap(({ options }) => options) }],
  variants: [...VARIANTS],
};

export const PARTS: readonly BundlePart[] = [
  ['bowl', '藍釉早餐碗', 'Indigo Breakfast Bowl', 2],
  ['honey', '龍眼蜂蜜', 'Longan Honey', 1],
].map(([id, zh, en, quantity]) => ({
  variant_id: String(id),
  sku: String(id),
  name: text(String(zh), String(en)),
  variant_name: text('', ''),
  quantity: Number(quantity),
}));

function line(n: number, more: Partial<CartItem>): CartItem {
  return {
    id: `line-${n}`,
    variant_id: `sample-${n}`,
    product_slug: 'sample',
    sku: `SAMPLE-${n}`,
    name: text('手拉坯茶杯', 'Hand-thrown Teacup'),
    variant_name: text('天青', 'Sky blue'),
    image: n % 2 ? BLUE : GREEN,
    quantity: 2,
    unit_price: twd(1280),
    line_total: twd(2560),
    available: 20,
    availability: 'in_stock',
    ...more,
  };
}

export const REFUSAL: Refusal = {
  code: 'PURCHASE_LIMIT_EXCEEDED',
  message: 'PURCHASE_LIMIT_EXCEEDED',
  shortages: [],
};

export const LINES: readonly { item: CartItem; refusal: Refusal | null }[] = [
  { item: line(1, {}), refusal: null },
  {
    item: line(2, { available: 99, backordered: 1, available_from: '2026-12-24' }),
    refusal: null,
  },
  { item: line(3, { quantity: 5, available: 2, availability: 'low_stock' }), refusal: null },
  { item: line(4, { available: 0, availability: 'sold_out' }), refusal: null },
  { item: line(5, {}), refusal: REFUSAL },
];

export const CART: Cart = {
  id: 'sample',
  items: LINES.slice(0, 1).map(({ item }) => item),
  item_count: 2,
  subtotal: twd(2560),
  discount: twd(256),
  adjustments: [
    {
      kind: 'promotion',
      target: 'lines',
      code: null,
      name: text('滿 NT$ 2,000 折 NT$ 56', 'NT$ 56 off from NT$ 2,000'),
      amount: twd(56),
      shares: [{ line_no: 1, amount: twd(56) }],
    },
    {
      kind: 'coupon',
      target: 'lines',
      code: 'SAMPLE8',
      name: null,
      amount: twd(200),
      shares: [{ line_no: 1, amount: twd(200) }],
    },
  ],
  shipping_fee: null,
  total: twd(2304),
  vat_included: twd(110),
  coupon_code: null,
  coupon: null,
  free_shipping_remaining: twd(440),
};

export const STATUSES: readonly OrderStatus[] = [
  'pending_payment',
  'paid',
  'preparing_shipment',
  'shipped',
  'completed',
  'payment_failed',
  'cancelled',
  'refund_requested',
  'refunded',
  'refund_rejected',
  'return_requested',
  'returned',
];

export const TIMELINE: readonly TimelineEntry[] = (
  [
    ['2026-11-20T02:05:00Z', null, 'pending_payment', 'customer'],
    ['2026-11-20T02:09:00Z', 'pending_payment', 'paid', 'payment_provider'],
    ['2026-11-21T01:30:00Z', 'paid', 'preparing_shipment', 'staff'],
  ] as const
).map(([at, from, to, actor], n) => ({
  at,
  kind: 'order',
  id: `step-${n}`,
  from,
  to,
  actor,
  reason: null,
}));

/** Every colour there is, by what it is for. */
export const COLOURS = {
  ground: ['paper', 'surface', 'sand', 'tea', 'clay', 'mist'],
  text: ['ink', 'muted', 'line', 'line-strong'],
  accent: ['accent', 'accent-strong', 'accent-soft', 'on-accent'],
  meaning: ['good', 'good-soft', 'warn', 'warn-soft', 'bad', 'bad-soft'],
} as const;
