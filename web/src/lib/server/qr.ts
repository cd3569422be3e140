import { encode } from 'uqr';

/** A QR code as one path of squares, one unit each; the quiet zone is the page's. */
export interface QrCode {
  size: number;
  path: string;
}

/** Drawn on the server: no script of the page has to know how. */
export function qrCode(text: string): QrCode {
  const { size, data } = encode(text, { ecc: 'M', border: 0 });
  const path = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => {
      if (!isDark || row[x - 1]) return [];
      const end = row.indexOf(false, x);
      const width = (end === -1 ? size : end) - x;
      return `M${x} ${y}h${width}v1h-${width}z`;
    }),
  );
  return { size, path: path.join('') };
}
