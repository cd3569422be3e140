import type { IncomingMessage, ServerResponse } from 'node:http';
import { readText } from './http.ts';

const escape = (value: string) =>
  value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

/** A payment page of another origin, with the test ids of the real simulator. */
export async function answerProvider(request: IncomingMessage, response: ServerResponse) {
  const fields = new URLSearchParams(await readText(request));
  const hidden = [...fields]
    .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`)
    .join('');
  const shop = `http://127.0.0.1:${request.socket.localPort}`;
  const button = (result: string, delay: number, id: string) => `
    <form method="post" action="${shop}/api/payments/ecpay/result">${hidden}
      <input type="hidden" name="result" value="${result}">
      <input type="hidden" name="delay" value="${delay}">
      <button data-testid="${id}">${id}</button>
    </form>`;
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  const givesCode = ['ecpay_atm', 'ecpay_cvs', 'ecpay_barcode'].includes(
    fields.get('method') ?? '',
  );
  const issue = `<form method="post" action="/provider/issue">${hidden}<button data-testid="sim-issue">sim-issue</button></form>`;
  response.end(
    `<!doctype html><link rel="icon" href="data:,"><title>Provider</title><h1>Provider</h1>` +
      (givesCode ? issue : '') +
      button('paid', 0, 'sim-pay') +
      button('paid', 2500, 'sim-pay-late') +
      button('failed', 0, 'sim-fail'),
  );
}
