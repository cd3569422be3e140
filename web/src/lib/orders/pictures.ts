/** Pictures of a return, before they are sent: checked, and made small. */

/** What the shop takes. */
export const PICTURE_KINDS = 'image/jpeg,image/png,image/webp';
export const PICTURE_BYTES_MAX = 8 * 1024 * 1024;

/** Enough to see a scratch by; a telephone's picture is ten times that. */
const SIDE_MAX = 2000;
const PREVIEW_SIDE = 240;
const QUALITY = 0.85;

export interface Prepared {
  /** What is sent: smaller, where this browser could do it. */
  blob: Blob;
  /** A small picture for the page, as an address; none where the browser cannot read the file. */
  preview: string | undefined;
}

/** What a side becomes, when the longer one may be so long. */
export function scaled(width: number, height: number, most: number): [number, number] {
  const by = Math.min(1, most / Math.max(width, height));
  return [Math.max(1, Math.round(width * by)), Math.max(1, Math.round(height * by))];
}

/** Reads a picture, and makes it as small as it is worth sending. */
export async function prepare(file: File): Promise<Prepared> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    // The shop will say what it thinks of it.
    return { blob: file, preview: undefined };
  }
  try {
    const small = draw(bitmap, SIDE_MAX);
    const jpeg = await new Promise<Blob | null>((resolve) => {
      small.toBlob(resolve, 'image/jpeg', QUALITY);
    });
    const preview = draw(bitmap, PREVIEW_SIDE).toDataURL('image/jpeg', QUALITY);
    return { blob: jpeg && jpeg.size < file.size ? jpeg : file, preview };
  } finally {
    bitmap.close();
  }
}

function draw(bitmap: ImageBitmap, most: number): HTMLCanvasElement {
  const [width, height] = scaled(bitmap.width, bitmap.height, most);
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (context) {
    // What is see-through would become black.
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0, width, height);
  }
  return canvas;
}
