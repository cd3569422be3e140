/** The storefront's process, as `oxcart` starts and stops it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';

const WEB = fileURLToPath(new URL('../..', import.meta.url));

async function start(env: Record<string, string>): Promise<{ web: ChildProcess; url: string }> {
  const web = spawn(process.execPath, ['server.js'], {
    cwd: WEB,
    stdio: ['pipe', 'pipe', 'inherit'],
    // Nothing listens on the port of the API: it is down.
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: '0',
      OXCART_API_URL: 'http://127.0.0.1:9',
      ...env,
    },
  });
  if (!web.stdout) throw new Error('no output');
  const [line] = (await once(createInterface(web.stdout), 'line')) as [string];
  const url = /http:\S+/.exec(line)?.[0];
  if (!url) throw new Error(`not a ready line: ${line}`);
  return { web, url };
}

test('says when it is ready, is healthy, and ends with its parent', async () => {
  const { web, url } = await start({ OXCART_PARENT_PIPE: '1' });
  const health = await fetch(`${url}/_health`);
  expect(health.status).toBe(200);
  const ended = once(web, 'exit');
  web.stdin?.end();
  expect(await ended).toEqual([0, null]);
});

test('stops when it is told to', async () => {
  const { web, url } = await start({});
  await fetch(`${url}/_health`);
  const ended = once(web, 'exit');
  web.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('without the API: pages that need it say so, the others are shown', async () => {
  const { web, url } = await start({ OXCART_PARENT_PIPE: '1' });
  const home = await fetch(url);
  expect(home.status).toBe(503);
  expect(await home.text()).toContain('我們這邊出了點狀況');
  expect((await fetch(`${url}/help`)).status).toBe(200);
  web.stdin?.end();
  await once(web, 'exit');
});

test('takes forms of the public origin only', async () => {
  const { web, url } = await start({ OXCART_PARENT_PIPE: '1', ORIGIN: 'https://shop.example' });
  const send = (origin: string) =>
    fetch(`${url}/login`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'email=&password=',
    });
  expect((await send('https://evil.example')).status).toBe(403);
  expect((await send('https://shop.example')).status).toBe(422);
  web.stdin?.end();
  await once(web, 'exit');
});

test('says for whom it asks, when the Oxcart server said so', async () => {
  const asked: http.IncomingHttpHeaders[] = [];
  const api = http.createServer((request, response) => {
    asked.push(request.headers);
    response.writeHead(503);
    response.end();
  });
  await once(api.listen(0, '127.0.0.1'), 'listening');
  const { port } = api.address() as AddressInfo;
  const { web, url } = await start({
    OXCART_PARENT_PIPE: '1',
    OXCART_API_URL: `http://127.0.0.1:${port}`,
    OXCART_WEB_SECRET: 'between us',
  });
  const told = async (headers: Record<string, string>) => {
    asked.length = 0;
    await fetch(url, { headers });
    const seen = asked.map((it) => [it['x-oxcart-client'], it['x-oxcart-web-secret']]);
    expect(seen.length).toBeGreaterThan(0);
    return [...new Set(seen.map((it) => it.join()))];
  };
  const client = { 'x-oxcart-client': '203.0.113.9', 'x-forwarded-for': '203.0.113.8' };
  expect(await told({ ...client, 'x-oxcart-web-secret': 'between us' })).toEqual([
    '203.0.113.9,between us',
  ]);
  expect(await told({ ...client, 'x-oxcart-web-secret': 'between you' })).toEqual([',']);
  expect(await told(client)).toEqual([',']);
  web.stdin?.end();
  await once(web, 'exit');
  api.close();
});
