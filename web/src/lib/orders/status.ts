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

export function timelineLabel({ from, to }: TimelineEntry): string {
  return from ? statusLabel(to) : m.timeline_created();
}

const REASONS: Record<string, () => string> = {
  expired: m.reason_expired,
  'late payment': m.reason_late_payment,
};

/** Why a step was taken: people's own words as they are, the system's in the reader's language. */
export function timelineReason({ actor, reason }: TimelineEntry): string | undefined {
  if (!reason) return undefined;
  return REASONS[reason]?.() ?? (actor === 'customer' || actor === 'staff' ? reason : undefined);
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

const PAYMENTS: Record<Order['payments'][number]['status'], () => string> = {
  created: m.payment_status_created,
  pending: m.payment_status_pending,
  succeeded: m.payment_status_succeeded,
  failed: m.payment_status_failed,
  cancelled: m.payment_status_cancelled,
  partially_refunded: m.payment_status_partially_refunded,
  refunded: m.payment_status_refunded,
};

export function paymentLabel(status: Order['payments'][number]['status']): string {
  return PAYMENTS[status]?.() ?? status;
}
