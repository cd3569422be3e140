import { describe, expect, it } from 'vitest';
import { code39 } from './barcode.ts';

/** ISO/IEC 16388: nine elements a character, bars and spaces in turn; 1 is a wide one. */
const PATTERNS = new Map(
  Object.entries({
    '0': '000110100',
    '1': '100100001',
    '2': '001100001',
    '3': '101100000',
    '4': '000110001',
    '5': '100110000',
    '6': '001110000',
    '7': '000100101',
    '8': '100100100',
    '9': '001100100',
    A: '100001001',
    B: '001001001',
    E: '100011000',
    '*': '010010100',
  }).map(([letter, pattern]) => [pattern, letter]),
);

/** Reads the drawing as a scanner does: by the widths of what is dark and what is light. */
function scan(path: string): string {
  const bars = [...path.matchAll(/M(\d+) 0h(\d+)v1h-\2z/g)];
  expect(path.replaceAll(/M\d+ 0h(\d+)v1h-\1z/g, '')).toBe('');
  const elements = bars.flatMap(([, x, width], at) => {
    const next = bars[at + 1];
    const end = Number(x) + Number(width);
    return next ? [Number(width), Number(next[1]) - end] : [Number(width)];
  });
  const narrow = Math.min(...elements);
  const letters: string[] = [];
  // Each character is followed by a narrow space.
  for (let at = 0; at < elements.length; at += 10) {
    const wide = elements.slice(at, at + 9).map((width) => (width >= 2 * narrow ? '1' : '0'));
    letters.push(PATTERNS.get(wide.join('')) ?? '?');
  }
  return letters.join('');
}

describe('code39', () => {
  it.each(['1412010B1', '3453010539000001', '120131000001990', 'EA9'])('%s can be read', (text) => {
    const drawn = code39(text);
    expect(scan(drawn.path)).toBe(`*${text}*`);
    expect(drawn.text).toBe(text);
  });

  it('is as narrow as the longest of a bill allows on a telephone', () => {
    // Eighteen characters with start and stop; ten narrow bars of quiet on each side come to it.
    expect(code39('3453010539000001').width + 20).toBeLessThan(320);
  });

  it('refuses what the code has no letters for', () => {
    expect(() => code39('中文')).toThrow();
  });
});
