/** More than anybody looks through; what is added beyond it pushes the oldest out. */
export const MOST = 60;
/** What the shop keeps for somebody with an account. */
export const MOST_OF_ACCOUNT = 200;

const SLUG = /^[a-z0-9][a-z0-9-]{0,199}$/;

/** Reads what a browser has kept, which anybody may have changed; nonsense is left out. */
export function readList(text: string | null, most = MOST): string[] {
  let found: unknown;
  try {
    found = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(found)) return [];
  const slugs = found.filter((slug): slug is string => typeof slug === 'string' && SLUG.test(slug));
  return [...new Set(slugs)].slice(0, most);
}

/** The list with a product put on it, at its head, or taken off it. */
export function toggled(slugs: readonly string[], slug: string, most = MOST): string[] {
  const others = slugs.filter((other) => other !== slug);
  return others.length < slugs.length ? others : [slug, ...others].slice(0, most);
}
