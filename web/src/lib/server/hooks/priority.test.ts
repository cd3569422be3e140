import { expect, it } from 'vitest';
import { scriptsLast } from './priority.ts';

it('puts every script behind what is looked at, and touches nothing else', () => {
  const style = '<link href="/_app/immutable/assets/0.css" rel="stylesheet">';
  const text = '<p>&lt;link href="x" rel="modulepreload"></p>';
  const script = (name: string, priority = '') =>
    `<link href="/_app/immutable/${name}.js" rel="modulepreload"${priority}>`;
  const low = ' fetchpriority="low"';
  expect(scriptsLast(`${script('a')}${style}${script('b')}${text}`)).toBe(
    `${script('a', low)}${style}${script('b', low)}${text}`,
  );
});
