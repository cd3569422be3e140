import type { Image } from '#lib/api/types.ts';

/** One `<source>` of a `<picture>`. */
export interface PictureSource {
  type: 'image/avif' | 'image/webp';
  srcset: string;
}

const KINDS = ['avif', 'webp'] as const;

/** What a browser may choose from, the smaller files first; nothing until sizes are made. */
export function sourcesOf({ renditions }: Pick<Image, 'renditions'>): PictureSource[] {
  if (renditions.length === 0) return [];
  return KINDS.map((kind) => ({
    type: `image/${kind}`,
    srcset: renditions.map((it) => `${it[kind]} ${String(it.width)}w`).join(', '),
  }));
}
