import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { taiwan } from './taiwan.ts';

/** The shop's table of districts, by which it finds the nearest warehouse. */
const table = new URL('../../../../crates/inventory/src/postal_districts.csv', import.meta.url);
const rows = readFileSync(table, 'utf8').trim().split('\n').slice(1);

it('the shop knows where every district of the address form is, by the same names', () => {
  const english = taiwan('en');
  const offered = taiwan('zh-TW').flatMap((city, at) =>
    city.districts.map(({ postalCode, name }, place) =>
      [postalCode, city.name, english[at]?.label, name, english[at]?.districts[place]?.label].join(
        ',',
      ),
    ),
  );
  const known = new Set(rows.map((row) => row.split(',').slice(0, 5).join(',')));
  expect(offered.filter((district) => !known.has(district))).toEqual([]);
  expect(offered).toHaveLength(368);
});

it('what the form leaves out is where nothing is delivered', () => {
  const offered = new Set(
    taiwan('zh-TW').flatMap(({ districts }) => districts.map(({ postalCode }) => postalCode)),
  );
  const left = rows.map((row) => row.slice(0, 3)).filter((code) => !offered.has(code));
  expect(left).toEqual(['290', '817', '819']);
});
