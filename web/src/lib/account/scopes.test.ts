import { expect, it } from 'vitest';
import { expiry, LIFETIMES, scopeLabel, SCOPES } from './scopes.ts';

const now = new Date('2026-11-21T00:00:00Z');

it.each([
  ['30', '2026-12-21T00:00:00.000Z'],
  ['365', '2027-11-21T00:00:00.000Z'],
  ['0', null],
  ['', null],
  ['31', null],
  ['-1', null],
])('a key of "%s" days ends %s', (days, end) => expect(expiry(days, now)).toBe(end));

it('offers the shortest lifetime first', () => expect(LIFETIMES[0]).toBe(30));

it('names every scope once, and an unknown one by itself', () => {
  const names = SCOPES.map(([name]) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(scopeLabel('catalog_read')).not.toBe('catalog_read');
  expect(scopeLabel('time_travel')).toBe('time_travel');
});
