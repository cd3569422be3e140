import { describe, expect, it } from 'vitest';
import { isFiltered, listPath, readQuery } from './query.ts';

const read = (search: string) => readQuery(new URLSearchParams(search));

describe('the list’s address', () => {
  it('round-trips', () => {
    const path =
      '/products?category=tea-coffee&min_price=100&max_price=900&in_stock=true&sort=price_asc&cursor=abc';
    expect(listPath(read(path.slice('/products?'.length)))).toBe(path);
  });

  it('leaves defaults out', () => {
    expect(listPath(read('sort=relevance&in_stock=false'))).toBe('/products');
  });

  it('ignores what makes no sense', () => {
    expect(read('sort=upwards&min_price=-5&max_price=1e9')).toEqual(read(''));
  });

  it('knows a filter from an order', () => {
    expect(isFiltered(read('sort=newest'))).toBe(false);
    expect(isFiltered(read('min_price=0'))).toBe(true);
  });
});
