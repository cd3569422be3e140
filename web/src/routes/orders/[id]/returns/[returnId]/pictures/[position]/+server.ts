import { orderTokenHeader } from '#lib/server/order-access.ts';
import type { RequestHandler } from './$types.js';

/**
 * A picture of a return, with the guest's key added from its cookie, which no script in the browser
 * can send.
 */
export const GET: RequestHandler = async (event) => {
  const { id, returnId, position } = event.params;
  const path = [id, 'returns', returnId, 'pictures', position].map(encodeURIComponent).join('/');
  const response = await event.fetch(`/api/orders/${path}`, {
    headers: orderTokenHeader(event, id),
  });
  if (!response.ok) return new Response(null, { status: 404 });
  return new Response(response.body, {
    headers: {
      'content-type': 'image/jpeg',
      'cache-control': 'private, max-age=3600',
      'content-disposition': 'inline; filename="picture.jpg"',
    },
  });
};
