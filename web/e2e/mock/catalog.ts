/** A small shop, typed by the API's own schema: enough of everything to show every page. */
import type {
  BundlePart,
  Category,
  LocalizedText,
  Product,
  Variant,
} from '../../src/lib/api/types.ts';

export const text = (zh_tw: string, en: string): LocalizedText => ({ zh_tw, en });
export const twd = (amount: number) => ({ amount, currency: 'TWD' as const });

/** Ids that stay the same from run to run. */
export function uuid(kind: number, n: number): string {
  const tail = n.toString(16).padStart(12, '0');
  return `0198a000-000${kind}-7000-8000-${tail}`;
}

const NAMES: Record<string, LocalizedText> = {
  'tea-coffee': text('茶與咖啡', 'Tea & Coffee'),
  'kitchen-table': text('廚房與餐桌', 'Kitchen & Table'),
  tableware: text('碗盤餐具', 'Tableware'),
  cookware: text('鍋具', 'Cookware'),
  'home-living': text('居家生活', 'Home & Living'),
  stationery: text('文具選物', 'Stationery'),
  'outdoor-travel': text('戶外旅行', 'Outdoor & Travel'),
  'snacks-gifts': text('零食伴手禮', 'Snacks & Gifts'),
};

/** What lies in another category; the others are at the top. */
const PARENTS: Record<string, string> = { tableware: 'kitchen-table', cookware: 'kitchen-table' };

/** Slugs that were given up, by what they lead to. */
export const FORMER: Record<string, string> = {
  'noodle-bowl': 'grandmas-noodle-bowl',
  kitchen: 'kitchen-table',
};

/** From the top down to a category. */
function wayTo(slug: string): { slug: string; name: LocalizedText }[] {
  const parent = PARENTS[slug];
  const above = parent ? wayTo(parent) : [];
  return [...above, { slug, name: NAMES[slug] ?? text('', '') }];
}

/** Whether a category is another one, or lies in it. */
export const liesIn = (slug: string, other: string): boolean =>
  wayTo(slug).some((category) => category.slug === (FORMER[other] ?? other));

interface Seed {
  slug: string;
  category: string;
  name: LocalizedText;
  subtitle: LocalizedText;
  price: number;
  was?: number;
  badges?: string[];
  option?: LocalizedText;
  variants: {
    value: LocalizedText;
    stock: number;
    more?: number;
    /** May be ordered ahead, to be sent from that day on; `null`: as soon as it is there. */
    ahead?: string | null;
  }[];
  /** What it is made of, when it is a set. */
  parts?: { slug: string; count: number }[];
}

const one = (stock: number) => [{ value: text('', ''), stock }];

/** The slugs are the demo shop's, so that its pictures can be shown. */
const SEEDS: Seed[] = [
  {
    slug: 'alishan-high-mountain-oolong',
    category: 'tea-coffee',
    name: text('阿里山高山烏龍', 'Alishan High Mountain Oolong'),
    subtitle: text('海拔 1,300 公尺，春茶手採', 'Hand-picked spring tea from 1,300 m'),
    price: 880,
    badges: ['bestseller'],
    option: text('份量', 'Weight'),
    variants: [
      { value: text('75 公克', '75 g'), stock: 60 },
      { value: text('150 公克', '150 g'), stock: 25, more: 780 },
    ],
  },
  {
    slug: 'canvas-backpack',
    category: 'outdoor-travel',
    name: text('帆布後背包', 'Canvas Backpack'),
    subtitle: text('台南帆布，18 公升', 'Tainan canvas, 18 litres'),
    price: 2480,
    was: 2880,
    option: text('顏色', 'Colour'),
    variants: [
      { value: text('莓紅', 'Berry red'), stock: 42 },
      { value: text('墨綠', 'Forest green'), stock: 6 },
      { value: text('炭黑', 'Charcoal'), stock: 0 },
    ],
  },
  {
    slug: 'grandmas-noodle-bowl',
    category: 'tableware',
    name: text('阿嬤的麵碗', 'Grandma’s Noodle Bowl'),
    subtitle: text('紅釉大碗公，裝得下一頓飯', 'A red bowl with room for a meal'),
    price: 560,
    badges: ['bestseller'],
    variants: one(80),
  },
  {
    slug: 'table-radio',
    category: 'home-living',
    name: text('木殼收音機', 'Table Radio'),
    subtitle: text('轉鈕一轉，整個廚房都有聲音', 'One turn of the dial fills the kitchen'),
    price: 3280,
    badges: ['new'],
    variants: one(9),
  },
  {
    slug: 'last-lantern',
    category: 'home-living',
    name: text('鹿港手繪燈籠', 'Lukang Painted Lantern'),
    subtitle: text('老師傅封筆之作，最後一盞', 'A master’s last work; one is left'),
    price: 4200,
    badges: ['limited'],
    variants: one(1),
  },
  {
    slug: 'mid-autumn-mooncake',
    category: 'snacks-gifts',
    name: text('中秋月餅禮盒', 'Mid-Autumn Mooncakes'),
    subtitle: text('一年一次，賣完等明年', 'Once a year; then not until the next'),
    price: 720,
    variants: one(0),
  },
  {
    slug: 'indigo-breakfast-bowl',
    category: 'tableware',
    name: text('藍釉早餐碗', 'Indigo Breakfast Bowl'),
    subtitle: text('裝麥片、裝豆花都剛好', 'For muesli, or for tofu pudding'),
    price: 420,
    variants: one(24),
  },
  {
    slug: 'round-porcelain-teapot',
    category: 'tea-coffee',
    name: text('圓腹瓷壺', 'Round Porcelain Teapot'),
    subtitle: text('一手就能提穩', 'Steady in one hand'),
    price: 1680,
    was: 1880,
    variants: one(18),
  },
  {
    slug: 'everyday-fountain-pen',
    category: 'stationery',
    name: text('日常鋼筆', 'Everyday Fountain Pen'),
    subtitle: text('寫便條也值得好好寫', 'Worth it even for a shopping list'),
    price: 980,
    variants: one(33),
  },
  ...(
    [
      ['cedar-pencil', 'stationery', '香杉鉛筆', 'Cedar Pencil', 90],
      ['hinoki-candle', 'home-living', '檜木蠟燭', 'Hinoki Candle', 680],
      ['iron-skillet', 'cookware', '手鑄鐵鍋', 'Iron Skillet', 1980],
      ['longan-honey', 'snacks-gifts', '龍眼蜂蜜', 'Longan Honey', 450],
      ['brass-compass', 'outdoor-travel', '黃銅指南針', 'Brass Compass', 1450],
      ['thread-bound-notebook', 'stationery', '線裝筆記本', 'Thread-bound Notebook', 360],
      ['bubble-tea-kit', 'tea-coffee', '珍珠奶茶組', 'Bubble Tea Kit', 520],
    ] as const
  ).map(([slug, category, zh, en, price]): Seed => {
    const subtitle = text('簡單，每天都會用到', 'Plain, and used every day');
    return { slug, category, name: text(zh, en), subtitle, price, variants: one(500) };
  }),
];

/** What is sold before it is there, and what is sold together; the newest of the shop. */
const SPECIAL: Seed[] = [
  {
    slug: 'oxcart-35-film-camera',
    category: 'outdoor-travel',
    name: text('牛車 35 底片相機', 'Oxcart 35 Film Camera'),
    subtitle: text('第二批正在組裝，先訂先出', 'The second batch is being built'),
    price: 6800,
    option: text('外殼', 'Body'),
    variants: [
      { value: text('銀', 'Silver'), stock: 0, ahead: '2026-12-24' },
      { value: text('黑', 'Black'), stock: 2, ahead: null },
    ],
  },
  {
    slug: 'island-gift-box',
    category: 'snacks-gifts',
    name: text('島嶼早餐禮盒', 'Island Breakfast Box'),
    subtitle: text('一碗、一罐、一壺，一個早晨', 'A bowl, a jar, a pot: one morning'),
    price: 2280,
    was: 2550,
    variants: one(14),
    parts: [
      { slug: 'indigo-breakfast-bowl', count: 2 },
      { slug: 'longan-honey', count: 1 },
      { slug: 'round-porcelain-teapot', count: 1 },
    ],
  },
];

const DESCRIPTION = text(
  '我們在工坊待了一個下午，看師傅把每一件東西從頭做到尾。\n\n材料簡單、做工紮實，沒有多餘的裝飾。用了幾年之後，它會慢慢變成你的樣子。\n\n產地：台灣。手工製作，每件略有差異，是正常現象。',
  'We spent an afternoon in the workshop and watched each piece being made from start to finish.\n\nSimple material, sound work, nothing added. After a few years it will have become yours.\n\nMade in Taiwan by hand; small differences are normal.',
);

const DESCRIPTION_HTML = text(
  '<p>我們在工坊待了一個下午，看師傅把每一件東西<strong>從頭做到尾</strong>。</p><h3>規格</h3><ul><li>胡桃木殼</li><li>FM 收音</li></ul>',
  '<p>We spent an afternoon in the workshop and watched each piece being made <strong>from start to finish</strong>.</p><h3>Details</h3><ul><li>Walnut case</li><li>FM</li></ul>',
);

/** Stock by variant id; everything shown is worked out from it. */
export const stock = new Map<string, number>();

/** Variants that may be ordered beyond stock, and from which day on those are sent. */
export const ahead = new Map<string, string | null>();

function part({ slug, count }: { slug: string; count: number }): BundlePart {
  const at = SEEDS.findIndex((seed) => seed.slug === slug);
  const [name, first] = [SEEDS[at]?.name, SEEDS[at]?.variants[0]];
  if (!name || !first) throw new Error(`no such product: ${slug}`);
  return {
    variant_id: uuid(2, at * 16 + 1),
    sku: `${slug.toUpperCase()}-1`,
    name,
    variant_name: first.value,
    quantity: count,
  };
}

function build(seed: Seed, at: number): Product {
  const id = uuid(1, at + 1);
  const category = { slug: seed.category, name: NAMES[seed.category] ?? text('', '') };
  const picture = (n: number) => ({
    url: `/media/${seed.slug}-${n}.svg`,
    alt: text(`${seed.name.zh_tw}，照片 ${n}`, `${seed.name.en}, picture ${n}`),
    width: 1000,
    height: 1000,
    renditions: [],
  });
  const images = [picture(1), picture(2)];
  const variants = seed.variants.map(({ value, more = 0, ahead: from, ...rest }, v): Variant => {
    const variantId = uuid(2, at * 16 + v + 1);
    stock.set(variantId, rest.stock);
    if (from !== undefined) ahead.set(variantId, from);
    return {
      id: variantId,
      sku: `${seed.slug.toUpperCase()}-${v + 1}`,
      name: value,
      options: seed.option ? [value] : [],
      price: twd(seed.price + more),
      compare_at: seed.was ? twd(seed.was + more) : null,
      availability: 'in_stock',
      available_display: null,
      image: images[v % images.length] ?? null,
      ...(from === undefined ? {} : { backorder: { available_from: from } }),
      ...(seed.parts ? { components: seed.parts.map(part) } : {}),
    };
  });
  const prices = variants.map(({ price }) => price.amount);
  return {
    id,
    slug: seed.slug,
    name: seed.name,
    subtitle: seed.subtitle,
    category,
    image: images[0] ?? null,
    price_from: twd(Math.min(...prices)),
    price_to: twd(Math.max(...prices)),
    compare_at: seed.was ? twd(seed.was) : null,
    availability: 'in_stock',
    badges: seed.badges ?? [],
    category_path: wayTo(seed.category),
    description: DESCRIPTION,
    description_html: seed.slug === 'table-radio' ? DESCRIPTION_HTML : null,
    tags: [],
    related: [],
    images,
    options: seed.option
      ? [{ name: seed.option, values: seed.variants.map(({ value }) => value) }]
      : [],
    variants,
  };
}

const PRODUCTS = [...SEEDS, ...SPECIAL].map(build);

function availability(left: number, isAhead = false): Product['availability'] {
  if (left <= 0) return isAhead ? 'backorder' : 'sold_out';
  return left <= 10 ? 'low_stock' : 'in_stock';
}

/** The products as they stand now. */
export function products(): Product[] {
  return PRODUCTS.map((product) => {
    const variants = product.variants.map((variant) => {
      const left = stock.get(variant.id) ?? 0;
      return {
        ...variant,
        availability: availability(left, ahead.has(variant.id)),
        available_display: left <= 10 ? left : null,
      };
    });
    const total = variants.reduce((sum, { id }) => sum + (stock.get(id) ?? 0), 0);
    const isAhead = variants.some(({ id }) => ahead.has(id));
    const related = PRODUCTS.filter(
      ({ id, category }) => id !== product.id && category.slug === product.category.slug,
    );
    return { ...product, variants, related, availability: availability(total, isAhead) };
  });
}

function idOf(category: string | undefined): string | null {
  return category ? uuid(3, Object.keys(NAMES).indexOf(category) + 1) : null;
}

export function categories(): Category[] {
  return Object.entries(NAMES).map(([slug, name], at) => ({
    id: uuid(3, at + 1),
    slug,
    name,
    parent_id: idOf(PARENTS[slug]),
    product_count: PRODUCTS.filter(({ category }) => liesIn(category.slug, slug)).length,
  }));
}

export function findVariant(id: string) {
  for (const product of products()) {
    const variant = product.variants.find((candidate) => candidate.id === id);
    if (variant) return { product, variant };
  }
  return undefined;
}

const INITIAL = new Map(stock);

/** Back to how the shop opened. */
export function restock(): void {
  for (const [id, left] of INITIAL) stock.set(id, left);
}
