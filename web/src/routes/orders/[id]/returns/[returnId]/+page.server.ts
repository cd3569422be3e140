import { raise } from '#lib/server/api.ts';
import { addPicture, cancelReturn } from '#lib/server/after-sale.ts';
import { loadOrder, loadRefunds } from '#lib/server/orders.ts';
import { networkFailure } from '#lib/api/problem.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  event.depends('shop:order');
  const { id, returnId } = event.params;
  const order = await loadOrder(event, id);
  const back = order.returns.find((candidate) => candidate.id === returnId);
  if (!back) raise({ ...networkFailure(), status: 404, code: 'RETURN_NOT_FOUND' });
  const refunds = back.refund_id ? await loadRefunds(event, order.id) : [];
  return {
    order,
    back,
    refund: refunds.find((refund) => refund.id === back.refund_id) ?? null,
    isNew: event.url.searchParams.get('done') === 'return',
  };
};

export const actions: Actions = {
  picture: (event) => addPicture(event, event.params.id, event.params.returnId),
  cancel: (event) => cancelReturn(event, event.params.id, event.params.returnId),
};
