import { orderTokenHeader } from '#lib/server/order-access.ts';
import type { RequestHandler } from './$types.js';

/**
 * The order's event stream, with the guest's key added from its cookie, which a script in the
 * browser can neither read nor send.
 */
export const GET: RequestHandler = async (event) => {
  const { id } = event.params;
  const response = await event.fetch(`/api/orders/${encodeURIComponent(id)}/events`, {
    headers: { accept: 'text/event-stream', ...orderTokenHeader(event, id) },
    signal: event.request.signal,
  });
  if (!response.ok || !response.body) return new Response(null, { status: 204 });
  return new Response(response.body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  });
};
