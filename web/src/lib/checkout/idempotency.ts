/** The part of `sessionStorage` that is needed; a test gives a Map-like one. */
export interface KeyStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

/**
 * One key for one intended order. It is kept before anything is sent and until the shop has given
 * a final answer, so that a double click, a reload or a lost answer can never make two orders.
 */
export class IdempotencyKeys {
  readonly #storage: KeyStorage | undefined;
  readonly #newKey: () => string;
  /** Used where the browser refuses storage. */
  readonly #memory = new Map<string, string>();

  constructor(storage: KeyStorage | undefined, newKey: () => string = randomKey) {
    this.#storage = storage;
    this.#newKey = newKey;
  }

  /** The key of this purpose: the same one until it is settled. */
  current(purpose: string): string {
    const name = storageName(purpose);
    const known = this.#read(name) ?? this.#memory.get(name);
    if (known) return known;
    const key = this.#newKey();
    this.#memory.set(name, key);
    try {
      this.#storage?.setItem(name, key);
    } catch {
      // A full or forbidden storage: the key still holds for as long as the page lives.
    }
    return key;
  }

  /** The shop has answered for good: the next attempt is another order. */
  settle(purpose: string): void {
    const name = storageName(purpose);
    this.#memory.delete(name);
    try {
      this.#storage?.removeItem(name);
    } catch {
      // See above.
    }
  }

  #read(name: string): string | null {
    try {
      return this.#storage?.getItem(name) ?? null;
    } catch {
      return null;
    }
  }
}

function storageName(purpose: string): string {
  return `oxcart.key.${purpose}`;
}

/** Codes after which the same request may still turn out to have made the order. */
const OPEN_ENDED = new Set([
  'CHALLENGE_REQUIRED',
  'NETWORK_ERROR',
  'REQUEST_IN_PROGRESS',
  'QUEUE_FULL',
  'RATE_LIMITED',
  'SERVICE_UNAVAILABLE',
  'INTERNAL',
]);

/** Whether a refusal is the last word on this key. */
export function isFinal(code: string): boolean {
  return !OPEN_ENDED.has(code);
}

/** A random UUID, also where `crypto.randomUUID` is missing (plain http inside a local network). */
export function randomKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
