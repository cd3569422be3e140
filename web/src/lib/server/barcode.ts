import { code39 as encode, type DrawingContext } from 'bwip-js/generic';

/** A Code 39 barcode as one path of bars, one unit high; the quiet zones are the page's. */
export interface Barcode {
  text: string;
  /** In narrow bars. */
  width: number;
  path: string;
}

/** Drawn on the server: no script of the page has to know how. */
export function code39(text: string): Barcode {
  return encode({ bcid: 'code39', text, scale: 1 }, new Bars(text));
}

/** What the encoder draws on: it keeps the bars, and has no use for anything else. */
class Bars implements DrawingContext<Barcode> {
  readonly #text: string;
  #width = 0;
  #path = '';

  constructor(text: string) {
    this.#text = text;
  }

  init(width: number): void {
    this.#width = width;
  }

  line(x: number, _y0: number, _x1: number, _y1: number, thick: number): void {
    // Told by the middle of a bar, rounded up.
    this.#path += `M${x - Math.ceil(thick / 2)} 0h${thick}v1h-${thick}z`;
  }

  end(): Barcode {
    return { text: this.#text, width: this.#width, path: this.#path };
  }

  scale(): null {
    return null;
  }

  measure(): { width: number; ascent: number; descent: number } {
    return { width: 0, ascent: 0, descent: 0 };
  }

  polygon(): void {}
  hexagon(): void {}
  ellipse(): void {}
  fill(): void {}
  text(): void {}
}
