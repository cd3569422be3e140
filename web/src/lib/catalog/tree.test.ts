import { describe, expect, it } from 'vitest';
import type { Category } from '#lib/api/types.ts';
import { leaves, menu, pathTo, within } from './tree.ts';

const category = (slug: string, parent_id: string | null): Category => ({
  id: slug,
  slug,
  name: { zh_tw: slug, en: slug },
  parent_id,
  product_count: 0,
});

const SHELVES = [
  category('home', null),
  category('kitchen', 'home'),
  category('bowls', 'kitchen'),
  category('living', 'home'),
  category('tea', null),
];

const slugs = (found: readonly Category[]) => found.map(({ slug }) => slug);

describe('the tree of categories', () => {
  it('knows the way to each', () => {
    expect(slugs(pathTo(SHELVES, 'bowls'))).toEqual(['home', 'kitchen', 'bowls']);
    expect(pathTo(SHELVES, 'nothing')).toEqual([]);
    expect(pathTo(SHELVES, undefined)).toEqual([]);
  });

  it('ends even where it were a circle', () => {
    const circle = [category('a', 'b'), category('b', 'a')];
    expect(slugs(pathTo(circle, 'a'))).toEqual(['b', 'a']);
  });

  it('knows what lies in each, and how deep', () => {
    expect(slugs(within(SHELVES))).toEqual(['home', 'tea']);
    expect(slugs(within(SHELVES, 'home'))).toEqual(['kitchen', 'living']);
    expect(leaves(SHELVES).map(({ depth }) => depth)).toEqual([0, 1, 2, 1, 0]);
  });

  it('opens a menu only on the way to what is looked at', () => {
    const shown = (current?: string) => slugs(menu(SHELVES, current).map((it) => it.category));
    expect(shown()).toEqual(['home', 'tea']);
    expect(shown('tea')).toEqual(['home', 'tea']);
    expect(shown('home')).toEqual(['home', 'kitchen', 'living', 'tea']);
    expect(shown('bowls')).toEqual(['home', 'kitchen', 'bowls', 'living', 'tea']);
  });
});
