/** Categories as a tree. The API tells them each before what lies in it. */
import type { Category } from '#lib/api/types.ts';

/** A category with how deep it lies: 0 is the top. */
export interface Leaf {
  category: Category;
  depth: number;
}

/** From the top down to a category; none when there is no such category. */
export function pathTo(categories: readonly Category[], slug: string | undefined): Category[] {
  const path: Category[] = [];
  let next = categories.find((category) => category.slug === slug);
  while (next && !path.includes(next)) {
    path.unshift(next);
    const parent = next.parent_id;
    next = categories.find(({ id }) => id === parent);
  }
  return path;
}

/** What lies right in a category; without one, what is at the top. */
export function within(categories: readonly Category[], id: string | null = null): Category[] {
  return categories.filter(({ parent_id }) => (parent_id ?? null) === id);
}

/** All of them, each with its depth. */
export function leaves(categories: readonly Category[]): Leaf[] {
  return categories.map((category) => ({
    category,
    depth: pathTo(categories, category.slug).length - 1,
  }));
}

/** What a menu shows: the top, and of what is looked at everything on the way and right in it. */
export function menu(categories: readonly Category[], current: string | undefined): Leaf[] {
  const open = new Set<string | null>(pathTo(categories, current).map(({ id }) => id));
  open.add(null);
  return leaves(categories).filter(({ category }) => open.has(category.parent_id ?? null));
}
