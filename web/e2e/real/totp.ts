/** An authenticator app (TOTP, RFC 6238), as far as the shop's codes need one. */
import { createHmac } from 'node:crypto';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32(text: string): Buffer {
  const bits = [...text].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => parseInt(byte, 2)));
}

/** The code that an app shows at a time, once it has scanned this address. */
export function codeOf(otpauth: string, at: Date): string {
  const { searchParams } = new URL(otpauth);
  const given = (name: string, usual: string) => searchParams.get(name) ?? usual;
  const digits = Number(given('digits', '6'));
  const step = Math.floor(at.getTime() / 1000 / Number(given('period', '30')));

  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const key = base32(given('secret', ''));
  const mac = createHmac(given('algorithm', 'SHA1'), key).update(counter).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}
