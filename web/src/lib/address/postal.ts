/** Counties and districts of Taiwan with their three-digit postal codes. */

export interface District {
  name: string;
  /** The name in the reader's language. */
  label: string;
  postalCode: string;
}

export interface City {
  name: string;
  label: string;
  districts: District[];
}

export function districtsOf(cities: readonly City[], city: string): District[] {
  return cities.find(({ name }) => name === city)?.districts ?? [];
}

/** The postal code of a district, or nothing when the city has no such district. */
export function postalCode(
  cities: readonly City[],
  city: string,
  district: string,
): string | undefined {
  return districtsOf(cities, city).find(({ name }) => name === district)?.postalCode;
}
