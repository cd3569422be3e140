/**
 * Stands where the Oxcart server stands: the one origin. It answers /api and /media from memory and
 * hands everything else to the built storefront, which it starts itself, as the real one does.
 *
 *   npm run build && npm run mock            the shop on http://127.0.0.1:4180
 *   MOCK_WEB=off npm run mock                only the API, for `OXCART_API_URL=… npm run dev`
 *   MOCK_PHOTOS=off npm run mock             drawings instead of the demo shop's photographs
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { constants, createBrotliCompress } from 'node:zlib';
import { ROUTES } from './api.ts';
import { problem, readCookies, readText, type Call } from './http.ts';
import { picture } from './pictures.ts';
import { answerProvider } from './provider.ts';
import { issue, settle } from './payments.ts';
import { changed, orders } from './shop.ts';

const PORT = Number(process.env.PORT ?? 4180);
const WEB_PORT = PORT + 1;
const WEB = fileURLToPath(new URL('../..', import.meta.url));
const DEMO = fileURLToPath(new URL('../../../crates/oxcart/demo/images', import.meta.url));

const server = http.createServer((request, response) => {
  void answer(request, response).catch((error: unknown) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});

async function answer(request: http.IncomingMessage, response: http.ServerResponse) {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  if (url.pathname.startsWith('/media/')) return sendPicture(url, response);
  if (url.pathname === '/provider') return answerProvider(request, response);
  if (url.pathname === '/provider/issue') return issueCode(request, response);
  if (url.pathname === '/api/payments/ecpay/result') return comeBack(request, response);
  if (!url.pathname.startsWith('/api/')) return proxy(request, response);

  for (const [method, path, handler] of ROUTES) {
    const match = path.exec(url.pathname);
    if (!match || method !== request.method) continue;
    const cookies = readCookies(request);
    const call: Call = { request, response, url, cookies, id: decodeURIComponent(match[1] ?? '') };
    return handler(call);
  }
  problem(response, 404, 'NOT_FOUND');
}

async function sendPicture(url: URL, response: http.ServerResponse) {
  const name = url.pathname.slice('/media/'.length);
  const file = `${DEMO}/${name.replace(/(?:-1|(-\d))\.svg$/, '$1.webp')}`;
  const photo = process.env.MOCK_PHOTOS === 'off' ? null : await readFile(file).catch(() => null);
  response.writeHead(200, { 'content-type': photo ? 'image/webp' : 'image/svg+xml' });
  response.end(photo ?? picture(name));
}

/** The browser comes back from the provider; the notice may be a moment behind it. */
async function comeBack(request: http.IncomingMessage, response: http.ServerResponse) {
  const form = new URLSearchParams(await readText(request));
  const order = orders.get(form.get('order') ?? '');
  if (!order) return problem(response, 404, 'ORDER_NOT_FOUND');
  const payment = order.payments.find(({ id }) => id === form.get('payment'));
  const isPaid = form.get('result') === 'paid';
  const come = () => payment && settle(order, payment, isPaid);
  const delay = Number(form.get('delay') ?? 0);
  if (delay > 0) setTimeout(come, delay);
  else come();
  response.writeHead(303, { location: `/orders/${order.id}/result?access_token=${order.token}` });
  response.end();
}

/** The provider shows a code, tells the shop, and links back. */
async function issueCode(request: http.IncomingMessage, response: http.ServerResponse) {
  const form = new URLSearchParams(await readText(request));
  const order = orders.get(form.get('order') ?? '');
  const payment = order?.payments.find(({ id }) => id === form.get('payment'));
  if (!order || !payment) return problem(response, 404, 'ORDER_NOT_FOUND');
  issue(payment);
  changed(order.id);
  const shop = `http://127.0.0.1:${request.socket.localPort}`;
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(
    `<!doctype html><link rel="icon" href="data:,"><title>Code</title><h1>Code</h1>` +
      `<a data-testid="sim-back" href="${shop}/orders/${order.id}?access_token=${order.token}">back</a>`,
  );
}

function proxy(request: http.IncomingMessage, response: http.ServerResponse) {
  const host = request.headers.host ?? '';
  const headers = { ...request.headers, 'x-forwarded-host': host, 'x-forwarded-proto': 'http' };
  const upstream = http.request(
    { host: '127.0.0.1', port: WEB_PORT, path: request.url, method: request.method, headers },
    (answered) => {
      if (isWorthwhile(request, answered)) return compress(answered, response);
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    },
  );
  upstream.on('error', () => {
    if (!response.headersSent) response.writeHead(502);
    response.end();
  });
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

/** As the Oxcart server does: what the storefront has not compressed itself, and no streams. */
function isWorthwhile(request: http.IncomingMessage, answered: http.IncomingMessage): boolean {
  const { 'content-type': type = '', 'content-encoding': coding } = answered.headers;
  const isRead = /\bbr\b/.test(String(request.headers['accept-encoding']));
  const hasBody = request.method !== 'HEAD' && answered.statusCode === 200;
  return isRead && hasBody && !coding && /^(?:text\/html|application\/json)/.test(type);
}

function compress(answered: http.IncomingMessage, response: http.ServerResponse): void {
  const { 'content-length': _plain, etag, ...headers } = answered.headers;
  const vary = [headers.vary ?? [], 'accept-encoding'].flat().join(', ');
  response.writeHead(200, {
    ...headers,
    ...(etag && { etag: `W/${etag.replace(/^W\//, '')}` }),
    vary,
    'content-encoding': 'br',
  });
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 5 };
  answered.pipe(createBrotliCompress({ params: quality })).pipe(response);
}

if (process.env.MOCK_WEB !== 'off') {
  const web = spawn(process.execPath, ['server.js'], {
    cwd: WEB,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(WEB_PORT),
      OXCART_API_URL: `http://127.0.0.1:${PORT}`,
      OXCART_PARENT_PIPE: '1',
      OXCART_STYLEGUIDE: 'on',
    },
  });
  web.on('exit', (code) => process.exit(code ?? 1));
}

server.listen(PORT, '127.0.0.1', () => console.log(`mock: http://127.0.0.1:${PORT}`));
