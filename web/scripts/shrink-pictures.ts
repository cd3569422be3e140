/**
 * Makes the visual tests' pictures small enough for the repository: a palette each, where the
 * comparison sees far less of that than it forgives.
 *
 *   node scripts/shrink-pictures.ts      all that have no palette yet
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import pixelmatch from 'pixelmatch';
import sharp from 'sharp';

const FOLDER = new URL('../e2e/visual/pictures/', import.meta.url).pathname;
/** A little stricter than the comparison, which has 0.03, and forgives 1 pixel in 2000 (camera.ts). */
const THRESHOLD = 0.027;
const FORGIVEN = 1 / 20_000;

/** The picture in fewer bytes; `undefined` for what has a palette already. */
async function shrunk(file: Buffer): Promise<Buffer | undefined> {
  if ((await sharp(file).metadata()).isPalette) return undefined;
  const { data, info } = await sharp(file)
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const small = await sharp(file)
    .png({ palette: true, quality: 100, dither: 0, effort: 10 })
    .toBuffer();
  const shown = await sharp(small).ensureAlpha().raw().toBuffer();
  const { width, height } = info;
  const options = { threshold: THRESHOLD, includeAA: true };
  const wrong = pixelmatch(data, shown, undefined, width, height, options);
  if (wrong <= width * height * FORGIVEN) return small;
  return sharp(file).removeAlpha().png({ compressionLevel: 9 }).toBuffer();
}

let total = 0;
for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.png'))) {
  const file = readFileSync(FOLDER + name);
  const small = await shrunk(file);
  if (small) writeFileSync(FOLDER + name, small);
  total += (small ?? file).length;
}
console.log(`pictures: ${(total / 1024 / 1024).toFixed(1)} MiB`);
