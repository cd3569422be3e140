//! The registry of error codes: stable names that clients switch on (DESIGN: RFC 9457 problems).
//!
//! A code exists only together with its page `docs/errors/<CODE>.md`; `cargo xtask tidy` checks
//! both directions.

mod table;

use serde::Serialize;
use utoipa::ToSchema;

use self::table::{Entry, TABLE};
use crate::Locale;

/// A stable error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub enum ErrorCode {
    /// No valid session or token.
    #[serde(rename = "AUTH_UNAUTHORIZED")]
    AuthUnauthorized,
    /// Sign-in failed; which half was wrong is not told.
    #[serde(rename = "AUTH_INVALID_CREDENTIALS")]
    AuthInvalidCredentials,
    /// The password was right, and a code is needed with it.
    #[serde(rename = "SECOND_FACTOR_REQUIRED")]
    SecondFactorRequired,
    /// The token of a mail's link is unknown, used or too old.
    #[serde(rename = "TOKEN_INVALID")]
    TokenInvalid,
    /// Signed in, but without the right.
    #[serde(rename = "FORBIDDEN")]
    Forbidden,
    /// Checkout of a cart without lines.
    #[serde(rename = "CART_EMPTY")]
    CartEmpty,
    /// A cart line that does not exist.
    #[serde(rename = "CART_ITEM_NOT_FOUND")]
    CartItemNotFound,
    /// Fewer units are left than were asked for.
    #[serde(rename = "INVENTORY_SHORTAGE")]
    InventoryShortage,
    /// A stocktake holds the stock (BR-007).
    #[serde(rename = "STOCK_FROZEN")]
    StockFrozen,
    /// An unknown warehouse.
    #[serde(rename = "WAREHOUSE_NOT_FOUND")]
    WarehouseNotFound,
    /// An unknown transfer.
    #[serde(rename = "TRANSFER_NOT_FOUND")]
    TransferNotFound,
    /// An unknown stocktake.
    #[serde(rename = "STOCKTAKE_NOT_FOUND")]
    StocktakeNotFound,
    /// Lines of a stocktake are not counted, or the counts disagree.
    #[serde(rename = "STOCKTAKE_NOT_READY")]
    StocktakeNotReady,
    /// Fewer units were counted than orders were promised.
    #[serde(rename = "COUNT_BELOW_PROMISED")]
    CountBelowPromised,
    /// Stock is to be moved of a bundle, whose stock is other variants'.
    #[serde(rename = "BUNDLE_HAS_NO_STOCK")]
    BundleHasNoStock,
    /// A variant is to become a bundle, and has stock of its own.
    #[serde(rename = "VARIANT_HAS_STOCK")]
    VariantHasStock,
    /// A coupon code that cannot be used.
    #[serde(rename = "COUPON_INVALID")]
    CouponInvalid,
    /// The provider refused the payment.
    #[serde(rename = "PAYMENT_FAILED")]
    PaymentFailed,
    /// An order was tried to be paid too often.
    #[serde(rename = "PAYMENT_ATTEMPTS_USED_UP")]
    PaymentAttemptsUsedUp,
    /// An unknown payment.
    #[serde(rename = "PAYMENT_NOT_FOUND")]
    PaymentNotFound,
    /// An unknown payment method.
    #[serde(rename = "PAYMENT_METHOD_NOT_FOUND")]
    PaymentMethodNotFound,
    /// A notice with a wrong signature, merchant or amount.
    #[serde(rename = "PAYMENT_NOTICE_REJECTED")]
    PaymentNoticeRejected,
    /// An unknown dead letter, or one that is not dead any more.
    #[serde(rename = "DEAD_LETTER_NOT_FOUND")]
    DeadLetterNotFound,
    /// An unknown webhook, or an unknown delivery of one.
    #[serde(rename = "WEBHOOK_NOT_FOUND")]
    WebhookNotFound,
    /// An unknown refund.
    #[serde(rename = "REFUND_NOT_FOUND")]
    RefundNotFound,
    /// More is to go back than is left of what was paid.
    #[serde(rename = "REFUND_TOO_LARGE")]
    RefundTooLarge,
    /// The refund, or another one of its payment, is at the provider.
    #[serde(rename = "REFUND_IN_PROGRESS")]
    RefundInProgress,
    /// An unknown task about payments.
    #[serde(rename = "PAYMENT_TASK_NOT_FOUND")]
    PaymentTaskNotFound,
    /// The provider does not say that it was paid.
    #[serde(rename = "PAYMENT_NOT_CONFIRMED")]
    PaymentNotConfirmed,
    /// No such order, or not the caller's.
    #[serde(rename = "ORDER_NOT_FOUND")]
    OrderNotFound,
    /// An unknown shipment.
    #[serde(rename = "SHIPMENT_NOT_FOUND")]
    ShipmentNotFound,
    /// An unknown return, or one of another order.
    #[serde(rename = "RETURN_NOT_FOUND")]
    ReturnNotFound,
    /// Fewer units of an order's line are left of which this can be done.
    #[serde(rename = "UNITS_EXCEEDED")]
    UnitsExceeded,
    /// The time in which goods can be sent back is over.
    #[serde(rename = "RETURN_PERIOD_OVER")]
    ReturnPeriodOver,
    /// A carrier's message with a wrong signature, or too old.
    #[serde(rename = "WEBHOOK_REJECTED")]
    WebhookRejected,
    /// An unknown or unpublished product or variant.
    #[serde(rename = "PRODUCT_NOT_FOUND")]
    ProductNotFound,
    /// A product cannot be shown, scheduled, withdrawn or archived from the state it is in.
    #[serde(rename = "PRODUCT_STATE_CONFLICT")]
    ProductStateConflict,
    /// An unknown file of products, or one that was over long ago.
    #[serde(rename = "PRODUCT_IMPORT_NOT_FOUND")]
    ProductImportNotFound,
    /// An unknown category.
    #[serde(rename = "CATEGORY_NOT_FOUND")]
    CategoryNotFound,
    /// Products or categories lie in a category that is to be deleted.
    #[serde(rename = "CATEGORY_NOT_EMPTY")]
    CategoryNotEmpty,
    /// The price the client saw is not the price now.
    #[serde(rename = "PRICE_CHANGED")]
    PriceChanged,
    /// A per-customer limit.
    #[serde(rename = "PURCHASE_LIMIT_EXCEEDED")]
    PurchaseLimitExceeded,
    /// An order for a sale outside its time.
    #[serde(rename = "SALE_NOT_OPEN")]
    SaleNotOpen,
    /// A move the state machine does not have.
    #[serde(rename = "INVALID_TRANSITION")]
    InvalidTransition,
    /// An optimistic lock that did not match.
    #[serde(rename = "VERSION_CONFLICT")]
    VersionConflict,
    /// A POST that needs the header came without a usable one.
    #[serde(rename = "IDEMPOTENCY_KEY_MISSING")]
    IdempotencyKeyMissing,
    /// Same key, another body.
    #[serde(rename = "IDEMPOTENCY_KEY_REUSED")]
    IdempotencyKeyReused,
    /// A repeat waited for the first one past the bound.
    #[serde(rename = "REQUEST_IN_PROGRESS")]
    RequestInProgress,
    /// The intake queue is full; nothing was written.
    #[serde(rename = "QUEUE_FULL")]
    QueueFull,
    /// A rate limit.
    #[serde(rename = "RATE_LIMITED")]
    RateLimited,
    /// An order without the work that is asked for at the moment.
    #[serde(rename = "CHALLENGE_REQUIRED")]
    ChallengeRequired,
    /// Clients show this when no answer came.
    #[serde(rename = "NETWORK_ERROR")]
    NetworkError,
    /// Well-formed input that breaks a rule; see `errors`.
    #[serde(rename = "VALIDATION_FAILED")]
    ValidationFailed,
    /// Broken JSON, form, query or header.
    #[serde(rename = "MALFORMED_REQUEST")]
    MalformedRequest,
    /// A body in another format than documented.
    #[serde(rename = "UNSUPPORTED_MEDIA_TYPE")]
    UnsupportedMediaType,
    /// A body over the limit.
    #[serde(rename = "PAYLOAD_TOO_LARGE")]
    PayloadTooLarge,
    /// An unknown path.
    #[serde(rename = "NOT_FOUND")]
    NotFound,
    /// A known path, another method.
    #[serde(rename = "METHOD_NOT_ALLOWED")]
    MethodNotAllowed,
    /// The client sent too slowly.
    #[serde(rename = "REQUEST_TIMEOUT")]
    RequestTimeout,
    /// The database or another needed part is away.
    #[serde(rename = "SERVICE_UNAVAILABLE")]
    ServiceUnavailable,
    /// A defect; the trace id finds it in the log.
    #[serde(rename = "INTERNAL")]
    Internal,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::AuthUnauthorized,
        Self::AuthInvalidCredentials,
        Self::SecondFactorRequired,
        Self::TokenInvalid,
        Self::Forbidden,
        Self::CartEmpty,
        Self::CartItemNotFound,
        Self::InventoryShortage,
        Self::StockFrozen,
        Self::WarehouseNotFound,
        Self::TransferNotFound,
        Self::StocktakeNotFound,
        Self::StocktakeNotReady,
        Self::CountBelowPromised,
        Self::BundleHasNoStock,
        Self::VariantHasStock,
        Self::CouponInvalid,
        Self::PaymentFailed,
        Self::PaymentAttemptsUsedUp,
        Self::PaymentNotFound,
        Self::PaymentMethodNotFound,
        Self::PaymentNoticeRejected,
        Self::DeadLetterNotFound,
        Self::WebhookNotFound,
        Self::RefundNotFound,
        Self::RefundTooLarge,
        Self::RefundInProgress,
        Self::PaymentTaskNotFound,
        Self::PaymentNotConfirmed,
        Self::OrderNotFound,
        Self::ShipmentNotFound,
        Self::ReturnNotFound,
        Self::UnitsExceeded,
        Self::ReturnPeriodOver,
        Self::WebhookRejected,
        Self::ProductNotFound,
        Self::ProductStateConflict,
        Self::ProductImportNotFound,
        Self::CategoryNotFound,
        Self::CategoryNotEmpty,
        Self::PriceChanged,
        Self::PurchaseLimitExceeded,
        Self::SaleNotOpen,
        Self::InvalidTransition,
        Self::VersionConflict,
        Self::IdempotencyKeyMissing,
        Self::IdempotencyKeyReused,
        Self::RequestInProgress,
        Self::QueueFull,
        Self::RateLimited,
        Self::ChallengeRequired,
        Self::NetworkError,
        Self::ValidationFailed,
        Self::MalformedRequest,
        Self::UnsupportedMediaType,
        Self::PayloadTooLarge,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::ServiceUnavailable,
        Self::Internal,
    ];

    /// The name on the wire, e.g. `INVENTORY_SHORTAGE`.
    pub const fn as_str(self) -> &'static str {
        self.entry().name
    }

    /// The HTTP status it is sent with (RFC 9110 §15).
    pub const fn status(self) -> u16 {
        self.entry().status
    }

    /// The message for people.
    pub const fn title(self, locale: Locale) -> &'static str {
        match locale {
            Locale::ZhTw => self.entry().zh_tw,
            Locale::En => self.entry().en,
        }
    }

    const fn entry(self) -> Entry {
        TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_the_enum_agree() {
        assert_eq!(TABLE.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            let serialized = serde_json::to_value(code).unwrap();
            assert_eq!(serialized, code.as_str(), "{code:?}");
            assert!((400..600).contains(&code.status()), "{code:?}");
            assert!(!code.title(Locale::ZhTw).is_empty() && !code.title(Locale::En).is_empty());
        }
    }
}
