/**
 * Weighs the scripts that the pages that matter fetch before anybody does anything: those that a
 * page names (src/lib/server/hooks/boot.ts), as a browser gets them. It needs no browser.
 *
 *   npm run build && npm run size            every page
 *   npm run size -- product                  only this one
 *
 * Exits with 1 when a page is over its budget, or when a file is sent uncompressed or only for now.
 */
import http from 'node:http';
import { conclude, openShop, PAGES, SHOP, wantedPages } from './mocked-shop.ts';

interface Answer {
  headers: http.IncomingHttpHeaders;
  /** As it came, still compressed. */
  body: Buffer;
}

function get(url: URL, coding: 'identity' | 'br' | 'gzip'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { headers: { 'accept-encoding': coding } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode !== 200) reject(new Error(`${url.href}: ${answer.statusCode}`));
        resolve({ headers: answer.headers, body: Buffer.concat(parts) });
      });
    });
    request.on('error', reject);
  });
}

/** In the page's own script: those that it fetches at once, and the one that begins. */
const LIST = /\bfor \(const href of (\[[^\]]*\])\)/;
const START = /\breturn import\("([^"]+)"\)/;

function named(html: string): string[] {
  const list = JSON.parse(LIST.exec(html)?.[1] ?? '[]') as string[];
  const start = START.exec(html)?.[1];
  return start && list.length > 0 ? [...new Set([...list, start])] : [];
}

async function weigh(name: string): Promise<string[]> {
  const { path = '/', scripts = 0 } = PAGES[name] ?? {};
  const page = new URL(path, SHOP);
  const html = (await get(page, 'identity')).body.toString();
  const files = named(html).map((href) => new URL(href, page));
  if (files.length === 0) return ['names no scripts'];

  const found: string[] = [];
  const sent = { br: 0, gzip: 0 };
  for (const file of files) {
    for (const coding of ['br', 'gzip'] as const) {
      const { headers, body } = await get(file, coding);
      sent[coding] += body.length;
      if (headers['content-encoding'] !== coding)
        found.push(`${file.pathname} is not in ${coding}`);
      if (!headers['cache-control']?.includes('immutable'))
        found.push(`${file.pathname} is not immutable`);
    }
  }
  const [br, gzip] = [sent.br / 1024, sent.gzip / 1024];
  console.log(
    `${name.padEnd(9)} ${br.toFixed(1)} KiB of ${scripts} in ${files.length} files` +
      ` (${gzip.toFixed(1)} KiB for those who only know gzip)`,
  );
  if (br > scripts) found.push(`scripts ${br.toFixed(1)} KiB > ${scripts}`);
  return found;
}

const close = await openShop();
const found: Record<string, string[]> = {};
try {
  for (const name of wantedPages()) found[name] = await weigh(name);
} finally {
  close();
}
await conclude(found);
