import { describe, expect, it } from 'vitest';
import type { Product, Variant } from '#lib/api/types.ts';
import { choiceGroups, selectVariant } from './variants.ts';

const text = (value: string) => ({ zh_tw: value, en: value });

function variant(sku: string, options: string[], availability: Variant['availability']): Variant {
  return {
    id: sku,
    sku,
    name: text(sku),
    options: options.map(text),
    price: { amount: 100, currency: 'TWD' },
    compare_at: null,
    availability,
    available_display: null,
    image: null,
  };
}

const product = {
  options: [
    { name: text('colour'), values: [text('red'), text('blue')] },
    { name: text('size'), values: [text('S'), text('L')] },
  ],
  variants: [
    variant('red-s', ['red', 'S'], 'sold_out'),
    variant('red-l', ['red', 'L'], 'in_stock'),
    variant('blue-l', ['blue', 'L'], 'low_stock'),
  ],
} as unknown as Product;

function bySku(sku: string): Variant {
  const found = product.variants.find((candidate) => candidate.sku === sku);
  if (!found) throw new Error(sku);
  return found;
}

describe('selectVariant', () => {
  it('takes the one asked for, sold out or not', () => {
    expect(selectVariant(product, 'red-s')?.sku).toBe('red-s');
  });

  it('else the first that can be bought', () => {
    expect(selectVariant(product, null)?.sku).toBe('red-l');
    expect(selectVariant(product, 'gone')?.sku).toBe('red-l');
  });
});

describe('choiceGroups', () => {
  it('keeps the other options when one changes', () => {
    const [colours, sizes] = choiceGroups(product, bySku('red-l'));
    expect(colours?.choices.map(({ variant: to }) => to?.sku)).toEqual(['red-l', 'blue-l']);
    expect(sizes?.choices.map(({ variant: to }) => to?.sku)).toEqual(['red-s', 'red-l']);
  });

  it('leads to what can be bought where the exact combination does not exist', () => {
    const [colours] = choiceGroups(product, bySku('red-s'));
    expect(colours?.choices[1]?.variant?.sku).toBe('blue-l');
  });
});
