import type { Address } from './fields.ts';
import { districtsOf, type City } from './postal.ts';

/**
 * An address in one line, as it is written in the reader's language: from the large to the small
 * in Chinese, the other way round elsewhere. `cities` has the labels.
 */
export function addressLine(
  { postal_code, city, district, address1, address2 }: Address,
  cities: readonly City[],
): string {
  const cityLabel = cities.find(({ name }) => name === city)?.label ?? city;
  const districtLabel =
    districtsOf(cities, city).find(({ name }) => name === district)?.label ?? district;
  if (cityLabel === city && districtLabel === district) {
    return `${postal_code} ${city}${district}${address1}${address2 ? ` ${address2}` : ''}`;
  }
  return [address2, address1, districtLabel, `${cityLabel} ${postal_code}`]
    .filter(Boolean)
    .join(', ');
}
