import { listPath, type ProductQuery } from '#lib/catalog/query.ts';
import { localizeHref, locales, type Locale } from '#lib/paraglide/runtime.js';

/** Where a page is, for those who do not come from this shop: with its origin and its language. */
export function addressOf(origin: string, path: string, locale: Locale): string {
  return origin + localizeHref(path, { locale });
}

/** The same page in every language, as search engines ask for it. */
export function alternates(origin: string, path: string): { hreflang: string; href: string }[] {
  const each = locales.map((locale) => ({
    hreflang: locale as string,
    href: addressOf(origin, path, locale),
  }));
  const [first] = each;
  return first ? [...each, { hreflang: 'x-default', href: first.href }] : [];
}

/**
 * The address under which a list is found: the whole shop, or one category. The order of a list is
 * no other page; what was filtered, and what follows the first page, is not for search
 * engines at all (`undefined`).
 */
export function canonicalList(query: ProductQuery): string | undefined {
  const { category, min_price, max_price, in_stock, cursor } = query;
  const isNarrowed = in_stock || cursor || min_price !== undefined || max_price !== undefined;
  return isNarrowed ? undefined : listPath({ category });
}
