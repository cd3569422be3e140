import type { ErrorCode } from './types.ts';
import { formatWait } from '#lib/format/date.ts';
import { m } from '#lib/paraglide/messages.js';

/** What a shopper is told for each code that can reach a shop page. */
const MESSAGES: Partial<Record<ErrorCode | 'CHALLENGE_REQUIRED' | 'NETWORK_ERROR', () => string>> =
  {
    AUTH_UNAUTHORIZED: m.error_auth_unauthorized,
    AUTH_INVALID_CREDENTIALS: m.error_auth_invalid_credentials,
    CART_EMPTY: m.error_cart_empty,
    CHALLENGE_REQUIRED: m.error_challenge_required,
    CART_ITEM_NOT_FOUND: m.error_cart_item_not_found,
    COUPON_INVALID: m.error_coupon_invalid,
    FORBIDDEN: m.error_forbidden,
    IDEMPOTENCY_KEY_REUSED: m.error_idempotency_key_reused,
    INTERNAL: m.error_internal,
    INVALID_TRANSITION: m.error_invalid_transition,
    INVENTORY_SHORTAGE: m.error_inventory_shortage,
    NETWORK_ERROR: m.error_network,
    NOT_FOUND: m.error_not_found,
    ORDER_NOT_FOUND: m.error_order_not_found,
    PAYLOAD_TOO_LARGE: m.error_payload_too_large,
    PAYMENT_ATTEMPTS_USED_UP: m.error_payment_attempts_used_up,
    PAYMENT_FAILED: m.error_payment_failed,
    PRICE_CHANGED: m.error_price_changed,
    PRODUCT_NOT_FOUND: m.error_product_not_found,
    PURCHASE_LIMIT_EXCEEDED: m.error_purchase_limit,
    QUEUE_FULL: m.error_queue_full,
    RATE_LIMITED: m.error_rate_limited,
    REFUND_NOT_FOUND: m.error_refund_not_found,
    REFUND_TOO_LARGE: m.error_refund_too_large,
    REQUEST_IN_PROGRESS: m.error_request_in_progress,
    RETURN_NOT_FOUND: m.error_return_not_found,
    RETURN_PERIOD_OVER: m.error_return_period_over,
    SALE_NOT_OPEN: m.error_sale_not_open,
    SECOND_FACTOR_REQUIRED: m.error_second_factor_required,
    SERVICE_UNAVAILABLE: m.error_service_unavailable,
    STOCK_FROZEN: m.error_stock_frozen,
    TOKEN_INVALID: m.error_token_invalid,
    UNITS_EXCEEDED: m.error_units_exceeded,
    UNSUPPORTED_MEDIA_TYPE: m.error_picture_kind,
    VALIDATION_FAILED: m.error_validation_failed,
  };

/** The message for a code; for a code this shop does not know, what the API itself says. */
export function errorMessage(code: string, detail = '', retryAfter: number | null = null): string {
  if (code === 'RATE_LIMITED' && retryAfter) {
    return m.error_rate_limited_wait({ time: formatWait(retryAfter) });
  }
  return MESSAGES[code as ErrorCode]?.() ?? (detail || m.error_internal());
}
