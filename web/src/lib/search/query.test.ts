import { describe, expect, it } from 'vitest';
import { isNarrowed, readSearch, searchPath } from './query.ts';

const read = (search: string) => readSearch(new URLSearchParams(search));

describe('a search’s address', () => {
  it('round-trips', () => {
    const path =
      '/search?q=tea&category=tea-coffee&min_price=100&max_price=900&option=colour%3Ared&option=size%3Am&in_stock=true&sort=price_asc&cursor=abc';
    expect(searchPath(read(path.slice('/search?'.length)))).toBe(path);
  });

  it('leaves defaults out', () => {
    expect(searchPath(read('sort=relevance&q=&in_stock=false'))).toBe('/search');
  });

  it('ignores what makes no sense', () => {
    expect(read('sort=name&min_price=-5&max_price=1e9&option=red&option=a:b:c')).toEqual(read(''));
  });

  it('takes each value once, and not without end', () => {
    const many = Array.from({ length: 30 }, (_, at) => `option=size:${at}`).join('&');
    expect(read(`option=size:0&${many}`).options).toHaveLength(20);
    expect(read('option=size:m&option=size:m').options).toEqual(['size:m']);
  });

  it('knows a filter from words', () => {
    expect(isNarrowed(read('q=tea&sort=newest'))).toBe(false);
    expect(isNarrowed(read('option=colour:red'))).toBe(true);
    expect(isNarrowed(read('min_price=0'))).toBe(true);
  });
});
