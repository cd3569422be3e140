import { describe, expect, it } from 'vitest';
import { sourcesOf } from './renditions.ts';

const made = (width: number) => ({
  width,
  avif: `/media/renditions/a-${width}.avif`,
  webp: `/media/renditions/a-${width}.webp`,
});

describe('sourcesOf', () => {
  it('offers every size in both formats, AVIF before WebP', () => {
    expect(sourcesOf({ renditions: [made(320), made(640)] })).toEqual([
      {
        type: 'image/avif',
        srcset: '/media/renditions/a-320.avif 320w, /media/renditions/a-640.avif 640w',
      },
      {
        type: 'image/webp',
        srcset: '/media/renditions/a-320.webp 320w, /media/renditions/a-640.webp 640w',
      },
    ]);
  });

  it('offers nothing until sizes are made', () => {
    expect(sourcesOf({ renditions: [] })).toEqual([]);
  });
});
