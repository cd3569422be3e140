/** Takes pictures of pages that are the same on every day, and compares them with the kept ones. */
import { readFileSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import { DESKTOP, PHONE, TABLET } from '../mocked/shop.ts';
import { NOW } from './now.ts';

export const PICTURES = new URL('pictures/', import.meta.url).pathname;

/** `reach` is how far down a page is looked at: all pictures together have to stay small. */
const VIEWS = [
  {
    view: 'zh',
    prefix: '',
    colorScheme: 'light',
    sizes: [
      { ...PHONE, reach: 2400 },
      { ...TABLET, reach: TABLET.height },
      { ...DESKTOP, reach: DESKTOP.height },
    ],
  },
  {
    view: 'en-dark',
    prefix: '/en',
    colorScheme: 'dark',
    sizes: [
      { ...PHONE, reach: 1200 },
      { ...DESKTOP, reach: DESKTOP.height },
    ],
  },
] as const;

export type Act = (page: Page, prefix: string) => Promise<void>;
/** Opens a page, in either language, and keeps it under a name. */
export type See = (name: string, path: string, act?: Act) => Promise<void>;

/** Everything is there, and stands still; how long the page is. */
async function settle(page: Page): Promise<number> {
  return page.evaluate(async () => {
    // The foot is the same everywhere: the home page's picture has it.
    const foot = document.querySelector('footer');
    if (foot && !document.getElementById('featured')) foot.style.display = 'none';
    // It comes and goes with what is on the screen, and these pictures are longer than one.
    const bar = document.querySelector<HTMLElement>('[data-testid="buy-bar"]');
    if (bar) bar.style.visibility = 'hidden';
    for (const image of document.images) image.loading = 'eager';
    // A width just set reaches all styles only with a frame.
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
    // Wherever the focus or the browser had taken it.
    scrollTo({ top: 0, behavior: 'instant' });
    return document.documentElement.scrollHeight;
  });
}

/** Looks at pages with this browser page, and notes the paths that were seen. */
export function camera(page: Page, seen: string[]): See {
  return async (name, path, act) => {
    seen.push(path);
    for (const { view, prefix, colorScheme, sizes } of VIEWS) {
      await page.clock.setFixedTime(NOW);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize(sizes[0]);
      await page.goto(prefix + path);
      await expect(page.locator('html')).toHaveAttribute('data-hydrated');
      await act?.(page, prefix);
      for (const { reach, ...size } of sizes) {
        await page.setViewportSize(size);
        const height = Math.min(await settle(page), reach);
        await expect.soft(page).toHaveScreenshot(`${name}.${view}.${size.width}.png`, {
          fullPage: true,
          clip: { x: 0, y: 0, width: size.width, height },
          // Another shade of the accent is seen; scripts/shrink-pictures.ts keeps colours as near.
          threshold: 0.03,
          maxDiffPixelRatio: 0.0005,
        });
      }
    }
  };
}

/**
 * What letters are drawn with. Pictures can only be compared where they look the same: another
 * Chromium or other fonts draw every line a little differently.
 */
export async function drawnWith(page: Page): Promise<string> {
  const widths = await page.evaluate(() => {
    const context = document.createElement('canvas').getContext('2d');
    if (!context) return [];
    return ['400', '700'].map((weight) => {
      context.font = `${weight} 100px 'Noto Sans TC', 'Noto Sans CJK TC', system-ui, sans-serif`;
      return ['Oxcart Select 0123', '牛車選物，收據'].map(
        (text) => context.measureText(text).width,
      );
    });
  });
  const version = page.context().browser()?.version().split('.')[0] ?? '';
  return `Chromium ${version}, ${process.platform}, letters ${widths.flat().map(Math.round).join(' ')}`;
}

export function keptWith(): string {
  try {
    return readFileSync(`${PICTURES}drawn-with.txt`, 'utf8').trim();
  } catch {
    return '';
  }
}
