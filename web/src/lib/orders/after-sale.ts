import type { Order, OrderItem, OrderRefund, Return, ReturnCause } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import type { Tone } from './status.ts';

/** What cancelling an order comes to: it just ends, or the money that was paid goes back. */
export type Cancelling = 'unpaid' | 'refund';

const LEFT: ReadonlySet<string> = new Set(['shipped', 'delivered', 'returned']);

/** Whether something of it has left the shop. */
export function hasLeft({ shipments }: Pick<Order, 'shipments'>): boolean {
  return shipments.some(({ status }) => LEFT.has(status));
}

/** What its buyer can cancel now, and what comes of it; nothing when it is too late. */
export function cancelling(
  order: Pick<Order, 'status' | 'paid_at' | 'shipments'>,
): Cancelling | undefined {
  switch (order.status) {
    case 'pending_payment':
    case 'payment_failed':
      return 'unpaid';
    case 'paid':
    case 'preparing_shipment':
      if (hasLeft(order)) return undefined;
      // What is to be paid at the door was not paid yet.
      return order.paid_at ? 'refund' : 'unpaid';
    default:
      return undefined;
  }
}

/** A line of which something can be sent back, and how many units. */
export interface Returnable {
  item: OrderItem;
  left: number;
}

/** What is still with the customer, as far as returns tell. */
export function returnable({ items, returns }: Pick<Order, 'items' | 'returns'>): Returnable[] {
  const taken = new Map<number, number>();
  for (const back of returns) {
    if (back.status !== 'inspected') continue;
    for (const { line_no, restocked, written_off } of back.lines) {
      taken.set(line_no, (taken.get(line_no) ?? 0) + restocked + written_off);
    }
  }
  return items
    .map((item) => ({ item, left: item.quantity - (taken.get(item.line_no) ?? 0) }))
    .filter(({ left }) => left > 0);
}

/** Whether its buyer may ask to send something back; whether in time, the shop decides. */
export function mayReturn(order: Pick<Order, 'status' | 'items' | 'returns'>): boolean {
  return order.status === 'shipped' && returnable(order).length > 0;
}

/** Those that a buyer can have; the shop itself says what could not be delivered. */
export const CAUSES = [
  'changed_mind',
  'damaged',
  'wrong_item',
  'not_as_described',
  'other',
] as const satisfies readonly ReturnCause[];

const CAUSE_LABELS: Record<ReturnCause, () => string> = {
  changed_mind: m.cause_changed_mind,
  damaged: m.cause_damaged,
  wrong_item: m.cause_wrong_item,
  not_as_described: m.cause_not_as_described,
  undelivered: m.cause_undelivered,
  other: m.cause_other,
};

export function causeLabel(cause: ReturnCause): string {
  return CAUSE_LABELS[cause]();
}

export function isCause(word: string): word is ReturnCause {
  return (CAUSES as readonly string[]).includes(word);
}

interface State {
  label: () => string;
  /** What happens next. */
  text: () => string;
  tone: Tone;
}

const RETURN_STATES: Record<Return['status'], State> = {
  requested: { label: m.return_requested, text: m.return_requested_text, tone: 'waiting' },
  approved: { label: m.return_approved, text: m.return_approved_text, tone: 'good' },
  rejected: { label: m.return_rejected, text: m.return_rejected_text, tone: 'bad' },
  received: { label: m.return_received, text: m.return_received_text, tone: 'waiting' },
  inspected: { label: m.return_inspected, text: m.return_inspected_text, tone: 'good' },
  cancelled: { label: m.return_cancelled, text: m.return_cancelled_text, tone: 'quiet' },
};

export function returnState(status: Return['status']): State {
  return RETURN_STATES[status];
}

/** Whether its buyer can give it up: nothing has come yet. */
export function canWithdraw({ status }: Pick<Return, 'status'>): boolean {
  return status === 'requested' || status === 'approved';
}

export const PICTURES_MAX = 6;

/** How many pictures more a return takes. */
export function roomForPictures({ status, pictures }: Pick<Return, 'status' | 'pictures'>): number {
  return status === 'requested' ? Math.max(0, PICTURES_MAX - pictures) : 0;
}

const REFUND_STATES: Record<string, State> = {
  requested: { label: m.refund_requested, text: m.refund_requested_text, tone: 'waiting' },
  approved: { label: m.refund_approved, text: m.refund_approved_text, tone: 'waiting' },
  processing: { label: m.refund_processing, text: m.refund_processing_text, tone: 'waiting' },
  succeeded: { label: m.refund_succeeded, text: m.refund_succeeded_text, tone: 'good' },
  failed: { label: m.refund_failed, text: m.refund_failed_text, tone: 'waiting' },
  rejected: { label: m.refund_rejected, text: m.refund_rejected_text, tone: 'bad' },
};
const UNKNOWN_STATE: State = {
  label: m.refund_processing,
  text: m.refund_processing_text,
  tone: 'waiting',
};

export function refundState({ status }: Pick<OrderRefund, 'status'>): State {
  return REFUND_STATES[status] ?? UNKNOWN_STATE;
}

/** The shop's own words for why it gives money back. */
const REFUND_REASONS: Record<string, () => string> = {
  cancelled: m.refund_reason_cancelled,
  edited: m.refund_reason_edited,
  returned: m.refund_reason_returned,
  paid_twice: m.refund_reason_paid_twice,
  stock_gone: m.refund_reason_stock_gone,
  stock_frozen: m.refund_reason_stock_frozen,
  limit_reached: m.refund_reason_limit_reached,
  order_cancelled: m.refund_reason_order_cancelled,
};

/** Why money goes back: in the reader's language where the shop decided it, else as it was written. */
export function refundReason({ automatic, reason }: Pick<OrderRefund, 'automatic' | 'reason'>) {
  return automatic ? REFUND_REASONS[reason]?.() : reason || undefined;
}

/** The first refund that needs to know where to go. */
export function awaitsAccount(refunds: readonly OrderRefund[]): OrderRefund | undefined {
  return refunds.find(({ account_needed }) => account_needed);
}
