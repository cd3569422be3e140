import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CouponRefusal, ErrorCode, Problem, Shortage } from '../../src/lib/api/types.ts';

export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  cookies: Map<string, string>;
  /** The path's variable part, such as an id. */
  id: string;
}

export type Handler = (call: Call) => void | Promise<void>;

export function readCookies(request: IncomingMessage): Map<string, string> {
  const pairs = (request.headers.cookie ?? '').split(/;\s*/).filter(Boolean);
  return new Map(
    pairs.map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

export async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function readText(request: IncomingMessage): Promise<string> {
  return (await readBytes(request)).toString('utf8');
}

export async function readJson<T>(request: IncomingMessage): Promise<T> {
  return JSON.parse((await readText(request)) || '{}') as T;
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

export function problem(
  response: ServerResponse,
  status: number,
  code: ErrorCode,
  extras: Partial<Pick<Problem, 'errors'> & CouponRefusal> & { shortages?: Shortage[] } = {},
): void {
  const body: Problem = {
    type: `/docs/errors/${code}`,
    title: code,
    status,
    detail: code,
    code,
    trace_id: '0123456789abcdef',
    ...extras,
  };
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(body));
}

export function setCookie(response: ServerResponse, name: string, value: string): void {
  const age = value ? '' : '; Max-Age=0';
  response.appendHeader('set-cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${age}`);
}
