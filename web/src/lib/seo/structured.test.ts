import { describe, expect, it } from 'vitest';
import type { Availability, Product, Variant } from '#lib/api/types.ts';
import { breadcrumbThing, productThing, shopThing, toScript } from './structured.ts';

const READER = { origin: 'https://shop.example', locale: 'en' } as const;
const text = (zh_tw: string, en: string) => ({ zh_tw, en });
const image = (url: string) => ({ url, alt: text('', ''), width: 10, height: 10, renditions: [] });

function variant(sku: string, availability: Availability, more: Partial<Variant> = {}): Variant {
  return {
    id: sku,
    sku,
    name: text('銀', 'Silver'),
    options: [],
    price: { amount: 1280, currency: 'TWD' },
    compare_at: null,
    availability,
    available_display: null,
    image: null,
    ...more,
  };
}

const product = (...variants: Variant[]): Product => ({
  id: 'p',
  slug: 'mug',
  name: text('杯子', 'Mug'),
  subtitle: text('', ''),
  category: { slug: 'kitchen', name: text('廚房', 'Kitchen') },
  image: image('/media/face.webp'),
  price_from: { amount: 1280, currency: 'TWD' },
  price_to: { amount: 1280, currency: 'TWD' },
  compare_at: null,
  availability: 'in_stock',
  badges: [],
  category_path: [{ slug: 'kitchen', name: text('廚房', 'Kitchen') }],
  description: text('好用', 'Useful'),
  description_html: null,
  tags: [],
  related: [],
  images: [image('/media/face.webp'), image('https://cdn.example/2.webp')],
  options: [{ name: text('顏色', 'Colour'), values: [] }],
  variants,
});

describe('productThing', () => {
  it('tells a product of one form with its offer', () => {
    expect(productThing(READER, product(variant('MUG', 'in_stock')))).toEqual({
      '@type': 'Product',
      name: 'Mug',
      description: 'Useful',
      category: 'Kitchen',
      image: ['https://shop.example/media/face.webp', 'https://cdn.example/2.webp'],
      url: 'https://shop.example/en/products/mug',
      sku: 'MUG',
      offers: {
        '@type': 'Offer',
        url: 'https://shop.example/en/products/mug',
        price: '1280',
        priceCurrency: 'TWD',
        availability: 'https://schema.org/InStock',
        itemCondition: 'https://schema.org/NewCondition',
      },
    });
  });

  it('tells a group with an address and a picture for each of its forms', () => {
    const green = variant('MUG/2', 'sold_out', { image: image('/media/green.webp') });
    const thing = productThing(READER, product(variant('MUG-1', 'in_stock'), green));
    expect(thing).toMatchObject({
      '@type': 'ProductGroup',
      productGroupID: 'mug',
      variesBy: ['Colour'],
      hasVariant: [
        { name: 'Mug Silver', sku: 'MUG-1', image: ['https://shop.example/media/face.webp'] },
        {
          sku: 'MUG/2',
          image: ['https://shop.example/media/green.webp'],
          offers: { url: 'https://shop.example/en/products/mug?variant=MUG%2F2' },
        },
      ],
    });
    expect(thing).not.toHaveProperty('offers');
  });

  it.each([
    ['in_stock', null, 'InStock'],
    ['low_stock', null, 'LimitedAvailability'],
    ['sold_out', null, 'SoldOut'],
    ['backorder', null, 'BackOrder'],
    ['backorder', '2026-12-24', 'PreOrder'],
    // There is still some: it is sent at once.
    ['low_stock', '2026-12-24', 'LimitedAvailability'],
  ] as const)('%s (from %s) is %s', (availability, from, expected) => {
    const one = variant('MUG', availability, { backorder: { available_from: from } });
    const { offers } = productThing(READER, product(one));
    expect(offers).toMatchObject({ availability: `https://schema.org/${expected}` });
    const starts = expected === 'PreOrder' ? from : undefined;
    expect((offers as Record<string, unknown>).availabilityStarts).toBe(starts);
  });
});

it('breadcrumbs are counted from the front door; the page itself has no address', () => {
  const trail = [
    { label: 'Home', path: '/' },
    { label: 'Tea', path: '/products?category=tea' },
  ];
  expect(breadcrumbThing(READER, [...trail, { label: 'Oolong' }]).itemListElement).toEqual([
    { '@type': 'ListItem', position: 1, name: 'Home', item: 'https://shop.example/en/' },
    {
      '@type': 'ListItem',
      position: 2,
      name: 'Tea',
      item: 'https://shop.example/en/products?category=tea',
    },
    { '@type': 'ListItem', position: 3, name: 'Oolong' },
  ]);
});

it('the shop says how it is searched', () => {
  expect(shopThing(READER, 'Oxcart').potentialAction).toMatchObject({
    target: 'https://shop.example/en/search?q={search_term_string}',
  });
});

it('nothing in the data can end the script', () => {
  const script = toScript({ '@type': 'Thing', name: '</script><script>alert(1)//<!--' });
  expect(script.match(/<\/?script/g)).toEqual(['<script', '</script']);
  expect(script).not.toContain('<!--');
  const json = script.slice(script.indexOf('>') + 1, script.lastIndexOf('<'));
  expect(JSON.parse(json)).toEqual({
    '@context': 'https://schema.org',
    '@type': 'Thing',
    name: '</script><script>alert(1)//<!--',
  });
});
