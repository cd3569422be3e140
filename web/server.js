/**
 * The storefront's process: the built SvelteKit handler behind a plain HTTP server.
 *
 *   HOST, PORT            where to listen (127.0.0.1:3000)
 *   ORIGIN                the shop's public origin, when the proxy in front does not say it by
 *                         X-Forwarded-Host and X-Forwarded-Proto
 *   OXCART_API_URL        where the Oxcart server answers /api
 *   OXCART_WEB_SECRET     what the Oxcart server and this one prove themselves with to one another
 *   OXCART_PARENT_PIPE=1  end when standard input ends, so that nothing outlives its parent
 *
 * GET /_health answers 200 as soon as the server listens. It prints one line when it is ready.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import process from 'node:process';

const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 3000);
const origin = process.env.ORIGIN ? new URL(process.env.ORIGIN) : undefined;
const GRACE_MS = 5_000;
/** When the parent is gone, so are its visitors. */
const ORPHAN_GRACE_MS = 500;

// The handler works out the page's own address from these two headers, which are set below.
process.env.PROTOCOL_HEADER = 'x-forwarded-proto';
process.env.HOST_HEADER = 'x-forwarded-host';
// A picture of a return, which is 8 MiB at most, and the form around it.
process.env.BODY_SIZE_LIMIT ??= '9M';
const { handler } = await import('./build/handler.js');

const digest = (text) => createHash('sha256').update(text).digest();
const secret = process.env.OXCART_WEB_SECRET ? digest(process.env.OXCART_WEB_SECRET) : undefined;

/** Only the Oxcart server can say whose request this is. */
function believe(headers) {
  const given = headers['x-oxcart-web-secret'];
  const isOxcart = secret && typeof given === 'string' && timingSafeEqual(digest(given), secret);
  if (!isOxcart) delete headers['x-oxcart-client'];
  delete headers['x-oxcart-web-secret'];
}

const server = http.createServer((request, response) => {
  if (request.url === '/_health') {
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
    response.end('ok\n');
    return;
  }
  const { headers } = request;
  believe(headers);
  headers['x-forwarded-proto'] ??= origin?.protocol.slice(0, -1) ?? 'http';
  headers['x-forwarded-host'] ??= origin?.host ?? headers.host;
  handler(request, response, () => {
    response.statusCode = 404;
    response.end();
  });
});

// Longer than the proxy in front keeps idle connections, so that it is never the one surprised.
server.keepAliveTimeout = 75_000;

let isStopping = false;
function stop(grace) {
  if (isStopping) return;
  isStopping = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => {
    server.closeAllConnections();
    process.exit(0);
  }, grace).unref();
}

process.on('SIGTERM', () => stop(GRACE_MS));
process.on('SIGINT', () => stop(GRACE_MS));
if (process.env.OXCART_PARENT_PIPE === '1') {
  const orphaned = () => stop(ORPHAN_GRACE_MS);
  process.stdin.on('end', orphaned).on('close', orphaned).on('error', orphaned).resume();
}

server.on('error', (error) => {
  console.error(`oxcart-web: ${error.message}`);
  process.exit(1);
});
server.listen(port, host, () => {
  const address = server.address();
  const listening = typeof address === 'object' && address ? address.port : port;
  console.log(`oxcart-web: listening on http://${host}:${listening}`);
});
