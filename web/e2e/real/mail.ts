/** The mails that the shop has sent: files in a folder, as they would go over the wire. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { env } from './stack.ts';

interface Mail {
  to: string;
  /** As plain text, and as HTML. */
  texts: string[];
}

const header = (head: string, name: string) =>
  new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';

function unquote(text: string): string {
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function decode(part: string): string {
  const [head = '', ...rest] = part.trimStart().split(/\r?\n\r?\n/);
  const body = rest.join('\n\n');
  const encoding = header(head, 'Content-Transfer-Encoding').toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  return encoding === 'quoted-printable' ? unquote(body) : body;
}

function parse(raw: string): Mail {
  const boundary = /boundary="([^"]+)"/.exec(raw)?.[1] ?? '';
  const [head = '', ...parts] = raw.split(`\n--${boundary}`);
  return { to: header(head, 'To'), texts: parts.map(decode) };
}

/** From the oldest to the newest: their names begin with the time. */
async function mails(): Promise<Mail[]> {
  const folder = env('E2E_MAIL_DIR');
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.eml'));
  const raw = names.toSorted().map((name) => readFile(join(folder, name), 'utf8'));
  return (await Promise.all(raw)).map(parse);
}

/** How many mails say this. */
export async function mailsWith(text: string): Promise<number> {
  return (await mails()).filter(({ texts }) => texts.some((it) => it.includes(text))).length;
}

/** Where the newest mail to somebody leads, if it leads to this page; it may be on its way still. */
export async function mailedLink(email: string, page: string): Promise<string> {
  const link = new RegExp(`https?://\\S+/${page}\\?token=[\\w-]+`);
  const find = async () => {
    const theirs = (await mails()).filter(({ to }) => to.includes(email));
    return theirs.map(({ texts }) => link.exec(texts[0] ?? '')?.[0] ?? '').findLast(Boolean) ?? '';
  };
  await expect.poll(find, { timeout: 30_000 }).not.toBe('');
  return find();
}
