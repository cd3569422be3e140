/** Work that the shop may ask for before an order: a hash that begins with so many zero bits. */

const ROUNDS = Uint32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const START = Uint32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n += 1) {
    if (found.every((prime) => n % prime !== 0)) found.push(n);
  }
  return found;
}

/** The first 32 bits after the point. */
function fraction(value: number): number {
  return Math.floor((value - Math.floor(value)) * 2 ** 32);
}

const words = new Uint32Array(64);
const state = new Uint32Array(8);

const turn = (word: number, by: number) => (word >>> by) | (word << (32 - by));
/** Every place asked for is there: the arrays have fixed lengths. */
const at = (array: Uint32Array, place: number) => array[place] as number;

/** One block of SHA-256, whose sixteen words stand at the beginning of `words`. */
function compress(): void {
  for (let i = 16; i < 64; i += 1) {
    const [a, b] = [at(words, i - 15), at(words, i - 2)];
    const low = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
    const high = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
    words[i] = at(words, i - 16) + low + at(words, i - 7) + high;
  }
  let a = at(state, 0);
  let b = at(state, 1);
  let c = at(state, 2);
  let d = at(state, 3);
  let e = at(state, 4);
  let f = at(state, 5);
  let g = at(state, 6);
  let h = at(state, 7);
  for (let i = 0; i < 64; i += 1) {
    const mixed = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const first = (h + mixed + ((e & f) ^ (~e & g)) + at(ROUNDS, i) + at(words, i)) | 0;
    const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  for (const [place, word] of [a, b, c, d, e, f, g, h].entries()) {
    state[place] = at(state, place) + word;
  }
}

/** SHA-256 of plain letters, as eight words. What it gives is overwritten by the next call. */
export function sha256(text: string): Uint32Array {
  state.set(START);
  const blocks = Math.ceil((text.length + 9) / 64);
  for (let block = 0; block < blocks; block += 1) {
    for (let word = 0; word < 16; word += 1) {
      let value = 0;
      for (let byte = 0; byte < 4; byte += 1) {
        const place = block * 64 + word * 4 + byte;
        const end = place === text.length ? 0x80 : 0;
        value = (value << 8) | (place < text.length ? text.charCodeAt(place) : end);
      }
      words[word] = value;
    }
    if (block === blocks - 1) words[15] = text.length * 8;
    compress();
  }
  return state;
}

export function leadingZeros(hash: Uint32Array): number {
  let zeros = 0;
  for (const word of hash) {
    zeros += Math.clz32(word);
    if (word !== 0) break;
  }
  return zeros;
}

/** Tries numbers until one fits. */
export function solve(challenge: string, bits: number): string {
  for (let number = 0; ; number += 1) {
    const proof = `${challenge}:${number}`;
    if (leadingZeros(sha256(proof)) >= bits) return proof;
  }
}
