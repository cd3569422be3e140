import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { scriptsLast } from './boot.ts';

const sourceOf = (script = '') =>
  `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
const BOOT =
  'const it = 1; import("../start.js").then(async (kit) => { await import("../app.js"); });';
const page = (head: string, boot: string) =>
  `<head>${head}<link href="../0.css" rel="stylesheet"></head><p>&lt;script></p><script>${boot}</script>`;
const LINKS =
  '\n\t\t<link href="../a.js" rel="modulepreload">\n\t\t<link href="../b.js" rel="modulepreload">';

it('fetches all scripts at once, after the page is painted', () => {
  const { html } = scriptsLast(page(LINKS, BOOT));
  expect(html).not.toContain('<link href="../a.js"');
  expect(html).toContain('<head><link href="../0.css" rel="stylesheet"></head><p>&lt;script></p>');
  expect(html).toMatch(
    /const it = 1; new Promise\([^]*for \(const href of \["\.\.\/a\.js","\.\.\/b\.js"\]\)[^]*return import\("\.\.\/start\.js"\);\s*\}\)\.then\(async/,
  );
});

it('knows the changed script by its hash', () => {
  const { html, source } = scriptsLast(page(LINKS, BOOT));
  const script = /<script>([^]*)<\/script>/.exec(html)?.[1];
  expect(source).toEqual({ before: sourceOf(BOOT), now: sourceOf(script) });
  expect(source?.now).not.toBe(source?.before);
});

it.each(['', 'const it = "no boot";'])('leaves a page with the script %j alone', (boot) => {
  expect(scriptsLast(page(LINKS, boot))).toEqual({ html: page(LINKS, boot) });
});
