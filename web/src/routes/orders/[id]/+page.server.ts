import { settle } from '#lib/api/problem.ts';
import { openInstructions, refundsByTransfer } from '#lib/orders/payment.ts';
import { paidBy, setRefundAccount } from '#lib/server/after-sale.ts';
import { api } from '#lib/server/api.ts';
import { code39, type Barcode } from '#lib/server/barcode.ts';
import { cancelOrder, loadOrder, loadRefunds, payOrder } from '#lib/server/orders.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  event.depends('shop:order');
  const { id } = event.params;
  const [refunds, methods] = await Promise.all([
    loadRefunds(event, id),
    // An order can be read when what it could be paid by cannot.
    settle(api(event).GET('/api/payment-methods')),
  ]);
  // After its refunds: the page looks again until they are done, and then shows what they did to it.
  const order = await loadOrder(event, id);
  const [awaited] = openInstructions(order);
  const barcodes: Barcode[] = [];
  if (awaited?.code?.kind === 'barcode') barcodes.push(...awaited.code.segments.map(code39));
  return {
    order,
    refunds,
    paymentMethods: methods.ok ? methods.data.items.filter(({ enabled }) => enabled) : [],
    barcodes,
    byTransfer: refundsByTransfer(paidBy(order)),
    done: event.url.searchParams.get('done'),
    now: new Date().toISOString(),
  };
};

export const actions: Actions = {
  pay: (event) => payOrder(event, event.params.id),
  cancel: (event) => cancelOrder(event, event.params.id),
  account: (event) => setRefundAccount(event, event.params.id),
};
