import type { Order, OrderStatus, TimelineEntry } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';

export type Tone = 'waiting' | 'good' | 'bad' | 'quiet';

const STATUS: Record<OrderStatus, { label: () => string; tone: Tone }> = {
  pending_payment: { label: m.status_pending_payment, tone: 'waiting' },
  paid: { label: m.status_paid, tone: 'good' },
  preparing_shipment: { label: m.status_preparing_shipment, tone: 'good' },
  shipped: { label: m.status_shipped, tone: 'good' },
  completed: { label: m.status_completed, tone: 'good' },
  payment_failed: { label: m.status_payment_failed, tone: 'bad' },
  cancelled: { label: m.status_cancelled, tone: 'quiet' },
  refund_requested: { label: m.status_refund_requested, tone: 'waiting' },
  refunded: { label: m.status_refunded, tone: 'quiet' },
  refund_rejected: { label: m.status_refund_rejected, tone: 'bad' },
  return_requested: { label: m.status_return_requested, tone: 'waiting' },
  returned: { label: m.status_returned, tone: 'quiet' },
};

export function statusLabel(status: string): string {
  return STATUS[status as OrderStatus]?.label() ?? status;
}

export function statusTone(status: string): Tone {
  return STATUS[status as OrderStatus]?.tone ?? 'quiet';
}

/** Whether the order can still be paid, and its stock is still held for it. */
export function isPayable(order: Pick<Order, 'status'>): boolean {
  return order.status === 'pending_payment' || order.status === 'payment_failed';
}

export type Outcome = 'confirming' | 'paid' | 'failed' | 'cancelled';

/** What the page after the payment provider should say. */
export function outcome(order: Pick<Order, 'status' | 'payments'>): Outcome {
  if (order.status === 'cancelled') return 'cancelled';
  if (order.status === 'payment_failed') return 'failed';
  if (order.status !== 'pending_payment') return 'paid';
  return order.payments.at(-1)?.status === 'failed' ? 'failed' : 'confirming';
}

const SHIPMENTS: Record<string, { label: () => string; tone: Tone }> = {
  pending: { label: m.shipment_status_pending, tone: 'waiting' },
  ready_to_ship: { label: m.shipment_status_ready_to_ship, tone: 'waiting' },
  shipped: { label: m.shipment_status_shipped, tone: 'good' },
  delivered: { label: m.shipment_status_delivered, tone: 'good' },
  returned: { label: m.shipment_status_returned, tone: 'quiet' },
  cancelled: { label: m.shipment_status_cancelled, tone: 'quiet' },
};

const RETURNS: Record<string, { label: () => string; tone: Tone }> = {
  requested: { label: m.return_status_requested, tone: 'waiting' },
  approved: { label: m.return_status_approved, tone: 'waiting' },
  rejected: { label: m.return_status_rejected, tone: 'bad' },
  received: { label: m.return_status_received, tone: 'waiting' },
  inspected: { label: m.return_status_inspected, tone: 'good' },
  cancelled: { label: m.return_status_cancelled, tone: 'quiet' },
};

const REFUNDS: Record<string, { label: () => string; tone: Tone }> = {
  requested: { label: m.refund_status_requested, tone: 'waiting' },
  rejected: { label: m.refund_status_rejected, tone: 'bad' },
  succeeded: { label: m.refund_status_succeeded, tone: 'good' },
};

const failed = (): string => m.timeline_payment_failed();

/** What a step is called, and how good it is; nothing for steps that tell a buyer nothing. */
function step({ kind, from, to }: TimelineEntry): { label: () => string; tone: Tone } | undefined {
  switch (kind) {
    case 'order':
      return { label: from ? () => statusLabel(to) : m.timeline_created, tone: statusTone(to) };
    case 'shipment':
      return SHIPMENTS[to];
    case 'return':
      return RETURNS[to];
    case 'refund':
      return REFUNDS[to];
    case 'payment':
      // That it succeeded is what made the order paid.
      return to === 'failed' ? { label: failed, tone: 'bad' } : undefined;
  }
}

/** Whether a step tells a buyer something. */
export function isTold(entry: TimelineEntry): boolean {
  return step(entry) !== undefined;
}

export function timelineLabel(entry: TimelineEntry): string {
  return step(entry)?.label() ?? entry.to;
}

export function timelineTone(entry: TimelineEntry): Tone {
  return step(entry)?.tone ?? 'quiet';
}

const REASONS: Record<string, () => string> = {
  expired: m.reason_expired,
  'late payment': m.reason_late_payment,
  'cash on delivery': m.reason_cash_on_delivery,
};

/** Why a step was taken: a buyer's own words as they are, the system's in the reader's language. */
export function timelineReason({ actor, reason }: TimelineEntry): string | undefined {
  if (!reason) return undefined;
  return REASONS[reason]?.() ?? (actor === 'customer' ? reason : undefined);
}

const ACTORS: Record<TimelineEntry['actor'], () => string> = {
  customer: m.actor_customer,
  system: m.actor_system,
  payment_provider: m.actor_payment_provider,
  staff: m.actor_staff,
};

export function actorLabel(actor: TimelineEntry['actor']): string {
  return ACTORS[actor]?.() ?? actor;
}

type PaymentStatus = Order['payments'][number]['status'];

const PAYMENTS: Record<PaymentStatus, { label: () => string; tone: Tone }> = {
  created: { label: m.payment_status_created, tone: 'waiting' },
  pending: { label: m.payment_status_pending, tone: 'waiting' },
  succeeded: { label: m.payment_status_succeeded, tone: 'good' },
  failed: { label: m.payment_status_failed, tone: 'bad' },
  cancelled: { label: m.payment_status_cancelled, tone: 'quiet' },
  partially_refunded: { label: m.payment_status_partially_refunded, tone: 'quiet' },
  refunded: { label: m.payment_status_refunded, tone: 'quiet' },
};

export function paymentLabel(status: PaymentStatus): string {
  return PAYMENTS[status]?.label() ?? status;
}

export function paymentTone(status: PaymentStatus): Tone {
  return PAYMENTS[status]?.tone ?? 'quiet';
}

export function parcelLabel(status: string): string {
  return SHIPMENTS[status]?.label() ?? status;
}

export function parcelTone(status: string): Tone {
  return SHIPMENTS[status]?.tone ?? 'quiet';
}
