/**
 * Makes the visual tests' pictures small enough for the repository: as few colours each as
 * show what was there: what the comparison sees of it is far less than what it forgives.
 *
 *   node scripts/shrink-pictures.ts      all that are not small yet
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const FOLDER = new URL('../e2e/visual/pictures/', import.meta.url).pathname;
const COLOURS = [32, 64, 128, 256];
/** The comparison, pixelmatch, sees a colour as another one from 31 on, and forgives 1 pixel in 2000. */
const ALIKE = 24;
const FORGIVEN = 1 / 20_000;
const HEAD = 8;
const PALETTE = 3;

interface Picture {
  width: number;
  height: number;
  /** 0xRRGGBB, row by row. */
  pixels: Uint32Array;
}

/** What is on the left, above, and above on the left, as PNG's filters combine them. */
function predict(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const [toLeft, toUp] = [Math.abs(up - corner), Math.abs(left - corner)];
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** A browser's screenshot; `undefined` for what has a palette already. */
function read(file: Buffer): Picture | undefined {
  const parts: Buffer[] = [];
  let [width, height, channels] = [0, 0, 3];
  for (let at = HEAD; at < file.length; at += 12 + file.readUInt32BE(at)) {
    const data = file.subarray(at + 8, at + 8 + file.readUInt32BE(at));
    const kind = file.toString('latin1', at + 4, at + 8);
    if (kind === 'IDAT') parts.push(data);
    if (kind !== 'IHDR') continue;
    if (data[9] === PALETTE) return undefined;
    [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
    channels = data[9] === 6 ? 4 : 3;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const row = width * channels;
  const pixels = new Uint32Array(width * height);
  let above = Buffer.alloc(row);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (row + 1)] ?? 0;
    const line = raw.subarray(y * (row + 1) + 1, (y + 1) * (row + 1));
    for (let x = 0; x < row; x += 1) {
      const [left, corner] = [line[x - channels] ?? 0, above[x - channels] ?? 0];
      line[x] = (line[x] ?? 0) + predict(filter, left, above[x] ?? 0, corner);
    }
    for (let x = 0; x < width; x += 1) pixels[y * width + x] = line.readUIntBE(x * channels, 3);
    above = line;
  }
  return { width, height, pixels };
}

const red = (colour: number) => colour >> 16;
const green = (colour: number) => (colour >> 8) & 0xff;
const blue = (colour: number) => colour & 0xff;

/** How different two colours look: pixelmatch's measure. */
function difference(a: number, b: number): number {
  const [r, g, u] = [red(a) - red(b), green(a) - green(b), blue(a) - blue(b)];
  const y = r * 0.29889531 + g * 0.58662247 + u * 0.11448223;
  const i = r * 0.59597799 - g * 0.2741761 - u * 0.32180189;
  const q = r * 0.21147017 - g * 0.52261711 + u * 0.31114694;
  return 0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q;
}

/** So many of the commonest colours, no two of them alike; for each colour the place of the nearest. */
function choose(counts: Map<number, number>, size: number) {
  const common = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  // Two shades of a cell are one; but what a whole ground is painted with stays exact.
  const cells = new Set<number>();
  const cell = size > 64 ? 0xf8f8f8 : 0xf0f0f0;
  const palette = common
    .filter((colour) => !cells.has(colour & cell) && cells.add(colour & cell))
    .slice(0, size);
  const places = new Map<number, number>();
  let wrong = 0;
  for (const colour of common) {
    const far = palette.map((other) => difference(other, colour));
    const least = Math.min(...far);
    places.set(colour, far.indexOf(least));
    if (least > ALIKE) wrong += counts.get(colour) ?? 0;
  }
  return { palette, places, wrong };
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** The smallest that is good enough; `undefined` when none is. */
function write({ width, height, pixels }: Picture): Buffer | undefined {
  const counts = new Map<number, number>();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const chosen = COLOURS.map((size) => () => choose(counts, size));
  let found = chosen.shift()?.();
  while (found && found.wrong > pixels.length * FORGIVEN) found = chosen.shift()?.();
  if (!found) return undefined;
  const { palette, places } = found;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  head[9] = PALETTE;
  const raw = Buffer.alloc(height * (width + 1));
  for (let at = 0; at < pixels.length; at += 1) {
    raw[at + Math.floor(at / width) + 1] = places.get(pixels[at] ?? 0) ?? 0;
  }
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flatMap((c) => [red(c), green(c), blue(c)]))),
    chunk('IDAT', deflateSync(raw, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

let total = 0;
for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.png'))) {
  const file = readFileSync(FOLDER + name);
  const picture = read(file);
  const small = (picture && write(picture)) ?? file;
  if (small !== file) writeFileSync(FOLDER + name, small);
  total += small.length;
}
console.log(`pictures: ${(total / 1024 / 1024).toFixed(1)} MiB`);
