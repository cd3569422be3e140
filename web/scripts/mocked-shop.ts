/** The built shop over the mocked API, for what measures it; or the one at E2E_BASE_URL. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

export const WEB = fileURLToPath(new URL('..', import.meta.url));
const PORT = Number(process.env.E2E_MOCK_PORT ?? 4190);
export const SHOP = process.env.E2E_BASE_URL ?? `http://127.0.0.1:${PORT}`;

/** The pages that are measured, and how many KiB of scripts each may fetch, as they are sent. */
export const PAGES: Record<string, { path: string; scripts: number; isPrivate?: true }> = {
  home: { path: '/', scripts: 70 },
  list: { path: '/products', scripts: 70 },
  product: { path: process.env.LIGHTHOUSE_PRODUCT ?? '/products/canvas-backpack', scripts: 70 },
  // Checks every field while it is typed. Search engines are kept out of it.
  checkout: { path: '/checkout', scripts: 84, isPrivate: true },
};

/** Those that are asked for on the command line; without any, all. */
export function wantedPages(): string[] {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !Object.hasOwn(PAGES, name));
  if (unknown.length > 0)
    throw new Error(`no such page: ${unknown.join()} (${Object.keys(PAGES).join()})`);
  return wanted.length > 0 ? wanted : Object.keys(PAGES);
}

/** Starts it and waits until it answers; what comes back stops it. */
export async function openShop(): Promise<() => void> {
  if (process.env.E2E_BASE_URL) return () => undefined;
  const shop = spawn(process.execPath, ['e2e/mock/server.ts'], {
    cwd: WEB,
    env: { ...process.env, PORT: String(PORT) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const isUp = () =>
    fetch(`${SHOP}/_health`).then(
      (answer) => answer.ok,
      () => false,
    );
  for (let tries = 0; !(await isUp()); tries += 1) {
    if (tries > 100 || shop.exitCode !== null) {
      shop.kill();
      throw new Error('the mocked shop does not start');
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return () => void shop.kill();
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Says what is over its budget, and leaves the sums where E2E_REPORT says, as Playwright does. */
export async function conclude(complaints: Record<string, string[]>): Promise<void> {
  const pages = Object.entries(complaints);
  const failed = pages.filter(([, found]) => found.length > 0);
  for (const [name, found] of failed)
    for (const complaint of found) console.error(`over budget: ${name}: ${complaint}`);
  if (failed.length > 0) process.exitCode = 1;
  const stats = {
    expected: pages.length - failed.length,
    unexpected: failed.length,
    flaky: 0,
    skipped: 0,
  };
  const report = process.env.E2E_REPORT;
  if (report) await writeFile(report, JSON.stringify({ stats }));
}
