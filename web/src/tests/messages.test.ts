import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A text, or several by number: `one` may leave the number out. */
type Message = string | { match: Record<string, string> }[];
const read = (locale: string): Record<string, Message> =>
  JSON.parse(readFileSync(`${root}messages/${locale}.json`, 'utf8')) as Record<string, Message>;
const textsOf = (message: Message = '') =>
  typeof message === 'string' ? [message] : message.flatMap(({ match }) => Object.values(match));

const zh = read('zh-TW');
const en = read('en');
const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(svelte|ts)$/.test(path) && !path.includes('paraglide'))
  .map((path) => ({ path, text: readFileSync(`${root}src/${path}`, 'utf8') }));

const placeholders = (message?: Message) =>
  [...new Set(textsOf(message).flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();

describe('messages', () => {
  it('exist in both languages', () => {
    expect(Object.keys(en)).toEqual(Object.keys(zh));
  });

  it('say something, and name the same values', () => {
    for (const [key, message] of Object.entries(zh)) {
      for (const text of [...textsOf(message), ...textsOf(en[key])]) {
        expect(text.trim(), key).not.toBe('');
      }
      expect(placeholders(en[key]), key).toEqual(placeholders(message));
    }
  });

  it('are all used', () => {
    const all = sources.map(({ text }) => text).join('\n');
    const unused = Object.keys(zh).filter(
      (key) => key !== '$schema' && !new RegExp(`\\bm\\.${key}\\b`).test(all),
    );
    expect(unused).toEqual([]);
  });
});

it('no component has Chinese text of its own', () => {
  const found = sources
    .filter(({ path }) => path.endsWith('.svelte'))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, at) => ({ line, where: `${path}:${at + 1}` }))
        .filter(({ line }) => /\p{Script=Han}/u.test(line)),
    )
    .map(({ where }) => where);
  expect(found).toEqual([]);
});
