/** What search engines read beside the page: schema.org, as JSON-LD. */
import type { Availability, Image, Product, Variant } from '#lib/api/types.ts';
import { decimalAmount } from '#lib/format/money.ts';
import { localized } from '#lib/i18n/text.ts';
import type { Locale } from '#lib/paraglide/runtime.js';
import { addressOf } from './address.ts';

/** For whom it is written: the shop's origin, and the language of the page. */
export interface Reader {
  origin: string;
  locale: Locale;
}

export type Thing = { '@type': string } & Record<string, unknown>;

const SCHEMA = 'https://schema.org';

const AVAILABILITY: Record<Availability, string> = {
  in_stock: 'InStock',
  low_stock: 'LimitedAvailability',
  backorder: 'BackOrder',
  sold_out: 'SoldOut',
};

/** As text that may stand inside a `script`: nothing in it can end the element. */
export function toScript(thing: Thing): string {
  const json = JSON.stringify({ '@context': SCHEMA, ...thing }).replaceAll('<', '\\u003c');
  return `<script type="application/ld+json">${json}</script>`;
}

function offer({ origin, locale }: Reader, path: string, variant: Variant): Thing {
  const from = variant.availability === 'backorder' && variant.backorder?.available_from;
  return {
    '@type': 'Offer',
    url: addressOf(origin, path, locale),
    price: decimalAmount(variant.price),
    priceCurrency: variant.price.currency,
    // What has a day on which it is sent is a pre-order.
    availability: `${SCHEMA}/${from ? 'PreOrder' : AVAILABILITY[variant.availability]}`,
    ...(from ? { availabilityStarts: from } : {}),
    itemCondition: `${SCHEMA}/NewCondition`,
  };
}

/** The number by which the world knows what is sold, if it has one. */
function gtin({ barcode }: Variant): { gtin?: string } {
  return barcode && /^(\d{8}|\d{12,14})$/.test(barcode) ? { gtin: barcode } : {};
}

const pictures = (origin: string, images: readonly (Image | null | undefined)[]) =>
  images.flatMap((image) => (image ? [new URL(image.url, origin).href] : []));

/** A product that comes in one form is a Product with its Offer; any other a group of them. */
export function productThing(reader: Reader, product: Product): Thing {
  const { origin, locale } = reader;
  const path = `/products/${product.slug}`;
  const text = (it: Product['name']) => localized(it, locale);
  const common = {
    name: text(product.name),
    description: text(product.description) || text(product.subtitle),
    category: text(product.category.name),
    image: pictures(origin, product.images),
    url: addressOf(origin, path, locale),
  };
  const [first, ...others] = product.variants;
  if (first && others.length === 0) {
    const offers = offer(reader, path, first);
    return { '@type': 'Product', ...common, sku: first.sku, ...gtin(first), offers };
  }
  return {
    '@type': 'ProductGroup',
    ...common,
    productGroupID: product.slug,
    variesBy: product.options.map(({ name }) => text(name)),
    hasVariant: product.variants.map((variant): Thing => {
      const own = `${path}?variant=${encodeURIComponent(variant.sku)}`;
      return {
        '@type': 'Product',
        name: [common.name, text(variant.name)].filter(Boolean).join(' '),
        sku: variant.sku,
        ...gtin(variant),
        image: pictures(origin, [variant.image ?? product.image]),
        offers: offer(reader, own, variant),
      };
    }),
  };
}

/** The way from the shop's front door to a page; the page itself has no address in it. */
export function breadcrumbThing(
  { origin, locale }: Reader,
  trail: readonly { label: string; path?: string }[],
): Thing {
  return {
    '@type': 'BreadcrumbList',
    itemListElement: trail.map(({ label, path }, at) => ({
      '@type': 'ListItem',
      position: at + 1,
      name: label,
      ...(path === undefined ? {} : { item: addressOf(origin, path, locale) }),
    })),
  };
}

/** The shop: its name in this language, and how to search it. */
export function shopThing({ origin, locale }: Reader, name: string): Thing {
  const home = addressOf(origin, '/', locale);
  return {
    '@type': 'WebSite',
    name,
    url: home,
    inLanguage: locale,
    publisher: { '@type': 'OnlineStore', name, url: home },
    potentialAction: {
      '@type': 'SearchAction',
      target: `${addressOf(origin, '/search', locale)}?q={search_term_string}`,
      'query-input': 'required name=search_term_string',
    },
  };
}
