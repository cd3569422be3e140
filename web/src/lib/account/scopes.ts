import { m } from '#lib/paraglide/messages.js';

/** What a key can be allowed to do: the actions that the shop's policies know. */
export const SCOPES = [
  ['catalog_read', m.scope_catalog_read],
  ['catalog_write', m.scope_catalog_write],
  ['stock_read', m.scope_stock_read],
  ['stock_write', m.scope_stock_write],
  ['stock_approve', m.scope_stock_approve],
  ['order_read', m.scope_order_read],
  ['order_write', m.scope_order_write],
  ['shipment_write', m.scope_shipment_write],
  ['return_write', m.scope_return_write],
  ['return_approve', m.scope_return_approve],
  ['refund_request', m.scope_refund_request],
  ['refund_read', m.scope_refund_read],
  ['refund_approve', m.scope_refund_approve],
  ['payment_read', m.scope_payment_read],
  ['payment_confirm', m.scope_payment_confirm],
  ['payment_method_write', m.scope_payment_method_write],
  ['account_read', m.scope_account_read],
  ['account_write', m.scope_account_write],
  ['role_write', m.scope_role_write],
  ['policy_read', m.scope_policy_read],
  ['policy_write', m.scope_policy_write],
  ['audit_read', m.scope_audit_read],
  ['event_read', m.scope_event_read],
  ['event_write', m.scope_event_write],
  ['webhook_read', m.scope_webhook_read],
  ['webhook_write', m.scope_webhook_write],
  ['message_read', m.scope_message_read],
  ['mailbox_read', m.scope_mailbox_read],
] as const satisfies readonly (readonly [scope: string, label: () => string])[];

/** What a scope lets a key do, in words; a scope that this shop does not know is its own name. */
export function scopeLabel(scope: string): string {
  return SCOPES.find(([name]) => name === scope)?.[1]() ?? scope;
}

/** How long a key can be made to last, in days; 0 is for good. */
export const LIFETIMES = [30, 90, 365, 0] as const;

/** When a key that lasts this many days ends. */
export function expiry(days: string, now: Date): string | null {
  const lifetime = LIFETIMES.find((choice) => String(choice) === days);
  if (!lifetime) return null;
  return new Date(now.getTime() + lifetime * 24 * 60 * 60 * 1000).toISOString();
}
