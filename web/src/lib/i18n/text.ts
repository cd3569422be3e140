import type { LocalizedText } from '#lib/api/types.ts';
import { getLocale, localizeHref, type Locale } from '#lib/paraglide/runtime.js';

const FIELD = { 'zh-TW': 'zh_tw', en: 'en' } as const satisfies Record<Locale, keyof LocalizedText>;

/** The reader's language of a localised text; the other one where it is missing. */
export function localized(text: LocalizedText, locale: Locale = getLocale()): string {
  return text[FIELD[locale]] || text.zh_tw || text.en;
}

/** An address of this shop in the reader's language. */
export function href(path: string): string {
  return localizeHref(path);
}

/** A page's address in another language. What has empty steps would be another site's without it. */
export function inOtherLanguage(
  { pathname, search }: Pick<URL, 'pathname' | 'search'>,
  locale: Locale,
): string {
  return localizeHref(pathname.replace(/\/{2,}/g, '/') + search, { locale });
}
