import { beforeEach, describe, expect, it } from 'vitest';
import { IdempotencyKeys, isFinal, randomKey, type KeyStorage } from './idempotency.ts';

class Storage implements KeyStorage {
  readonly entries = new Map<string, string>();
  getItem = (name: string) => this.entries.get(name) ?? null;
  setItem = (name: string, value: string) => void this.entries.set(name, value);
  removeItem = (name: string) => void this.entries.delete(name);
}

function refuse(): never {
  throw new DOMException('denied', 'SecurityError');
}

describe('IdempotencyKeys', () => {
  let storage: Storage;
  let made: number;
  const newKey = () => `key-${(made += 1)}`;

  beforeEach(() => {
    storage = new Storage();
    made = 0;
  });

  it('keeps one key for one purpose', () => {
    const keys = new IdempotencyKeys(storage, newKey);
    expect(keys.current('checkout.a')).toBe('key-1');
    expect(keys.current('checkout.a')).toBe('key-1');
    expect(keys.current('checkout.b')).toBe('key-2');
  });

  it('keeps it over a reload', () => {
    new IdempotencyKeys(storage, newKey).current('checkout.a');
    expect(new IdempotencyKeys(storage, newKey).current('checkout.a')).toBe('key-1');
  });

  it('makes another one once the shop has answered for good', () => {
    const keys = new IdempotencyKeys(storage, newKey);
    keys.current('checkout.a');
    keys.settle('checkout.a');
    expect(storage.entries.size).toBe(0);
    expect(keys.current('checkout.a')).toBe('key-2');
  });

  it.each([undefined, { getItem: refuse, setItem: refuse, removeItem: refuse }])(
    'holds the key for as long as the page lives where there is no storage',
    (none) => {
      const keys = new IdempotencyKeys(none, newKey);
      expect(keys.current('checkout.a')).toBe('key-1');
      expect(keys.current('checkout.a')).toBe('key-1');
      keys.settle('checkout.a');
      expect(keys.current('checkout.a')).toBe('key-2');
    },
  );
});

describe('isFinal', () => {
  it.each(['INVENTORY_SHORTAGE', 'PRICE_CHANGED', 'VALIDATION_FAILED', 'IDEMPOTENCY_KEY_REUSED'])(
    'is the last word: %s',
    (code) => expect(isFinal(code)).toBe(true),
  );

  it.each(['NETWORK_ERROR', 'REQUEST_IN_PROGRESS', 'QUEUE_FULL', 'INTERNAL'])(
    'may still have made the order: %s',
    (code) => expect(isFinal(code)).toBe(false),
  );
});

it('makes random UUIDs', () => {
  const keys = new Set(Array.from({ length: 100 }, randomKey));
  expect(keys.size).toBe(100);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});
