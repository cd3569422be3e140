//! The registry of error codes: stable names that clients switch on (DESIGN: RFC 9457 problems).
//!
//! A code exists only together with its page `docs/errors/<CODE>.md`; `cargo xtask tidy` checks
//! both directions.

use serde::Serialize;
use utoipa::ToSchema;

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
    /// Registration with a known e-mail.
    #[serde(rename = "EMAIL_TAKEN")]
    EmailTaken,
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

/// One row of the registry: the code's name, its HTTP status, its messages.
#[derive(Clone, Copy)]
struct Entry {
    name: &'static str,
    status: u16,
    zh_tw: &'static str,
    en: &'static str,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::AuthUnauthorized,
        Self::AuthInvalidCredentials,
        Self::SecondFactorRequired,
        Self::EmailTaken,
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

/// In the order of the enum's variants; a test checks that they agree.
const TABLE: &[Entry] = &[
    entry("AUTH_UNAUTHORIZED", 401, "請先登入後再進行操作", "Please sign in first"),
    entry(
        "AUTH_INVALID_CREDENTIALS",
        401,
        "電子郵件或密碼不正確",
        "The e-mail or the password is wrong",
    ),
    entry(
        "SECOND_FACTOR_REQUIRED",
        401,
        "請輸入驗證碼",
        "Please enter the code of your authenticator app",
    ),
    entry("EMAIL_TAKEN", 409, "這個電子郵件已經註冊過", "This e-mail is already registered"),
    entry(
        "TOKEN_INVALID",
        422,
        "這個連結無效或已過期，請重新申請",
        "This link is not valid any more; please ask for a new one",
    ),
    entry("FORBIDDEN", 403, "您沒有權限進行這項操作", "You may not do this"),
    entry("CART_EMPTY", 422, "購物車是空的，先去挑商品吧", "Your cart is empty"),
    entry("CART_ITEM_NOT_FOUND", 404, "購物車裡沒有這項商品", "That item is not in your cart"),
    entry(
        "INVENTORY_SHORTAGE",
        409,
        "庫存不足，已更新可購買數量",
        "Not enough stock; the quantities available have been updated",
    ),
    entry(
        "STOCK_FROZEN",
        409,
        "商品盤點中，暫時無法購買",
        "This item is being counted and cannot be bought right now",
    ),
    entry("WAREHOUSE_NOT_FOUND", 404, "找不到倉庫", "Warehouse not found"),
    entry("TRANSFER_NOT_FOUND", 404, "找不到調撥單", "Transfer not found"),
    entry("STOCKTAKE_NOT_FOUND", 404, "找不到盤點單", "Stocktake not found"),
    entry(
        "STOCKTAKE_NOT_READY",
        409,
        "盤點尚未完成：有品項未盤或盤點數不一致",
        "The stocktake is not ready: lines are not counted, or the counts disagree",
    ),
    entry(
        "COUNT_BELOW_PROMISED",
        409,
        "盤點數少於已承諾給訂單的數量",
        "Fewer units were counted than orders were promised",
    ),
    entry(
        "BUNDLE_HAS_NO_STOCK",
        409,
        "組合商品沒有自己的庫存，請改為異動其組成商品",
        "A bundle has no stock of its own: move the stock of its components",
    ),
    entry(
        "VARIANT_HAS_STOCK",
        409,
        "這個商品還有自己的庫存，不能設為組合商品",
        "The item has stock of its own and cannot become a bundle",
    ),
    entry("COUPON_INVALID", 422, "優惠碼無效或已過期", "The coupon is invalid or has expired"),
    entry(
        "PAYMENT_FAILED",
        402,
        "付款失敗，請重試或更換付款方式",
        "The payment failed; please try again or choose another method",
    ),
    entry(
        "PAYMENT_ATTEMPTS_USED_UP",
        409,
        "這筆訂單嘗試付款的次數已達上限，請重新下單",
        "This order was tried to be paid too often; please order again",
    ),
    entry("PAYMENT_NOT_FOUND", 404, "找不到付款紀錄", "Payment not found"),
    entry("PAYMENT_METHOD_NOT_FOUND", 404, "找不到付款方式", "Payment method not found"),
    entry(
        "PAYMENT_NOTICE_REJECTED",
        400,
        "付款通知驗證失敗",
        "The payment notice failed verification",
    ),
    entry("DEAD_LETTER_NOT_FOUND", 404, "找不到這封死信", "Dead letter not found"),
    entry("WEBHOOK_NOT_FOUND", 404, "找不到這個 Webhook", "Webhook not found"),
    entry("REFUND_NOT_FOUND", 404, "找不到退款", "Refund not found"),
    entry(
        "REFUND_TOO_LARGE",
        409,
        "退款金額超過尚可退還的金額",
        "This is more than what is left of the payment",
    ),
    entry(
        "REFUND_IN_PROGRESS",
        409,
        "這筆付款的退款正在處理中，請稍候",
        "A refund of this payment is being paid back; please wait",
    ),
    entry("PAYMENT_TASK_NOT_FOUND", 404, "找不到付款待辦事項", "Payment task not found"),
    entry(
        "PAYMENT_NOT_CONFIRMED",
        409,
        "金流業者未確認這筆付款",
        "The payment provider does not confirm this payment",
    ),
    entry(
        "ORDER_NOT_FOUND",
        404,
        "找不到訂單，請確認連結或重新整理",
        "Order not found; please check the link or reload",
    ),
    entry("SHIPMENT_NOT_FOUND", 404, "找不到出貨單", "Shipment not found"),
    entry("RETURN_NOT_FOUND", 404, "找不到退貨單", "Return not found"),
    entry(
        "UNITS_EXCEEDED",
        409,
        "數量超過這張訂單可處理的數量",
        "The order has fewer units of which this can be done",
    ),
    entry("RETURN_PERIOD_OVER", 409, "已超過退貨期限", "The time for returns is over"),
    entry(
        "WEBHOOK_REJECTED",
        401,
        "訊息簽章驗證失敗",
        "The message's signature could not be verified",
    ),
    entry(
        "PRODUCT_NOT_FOUND",
        404,
        "找不到商品，可能已經下架",
        "Product not found; it may have been taken down",
    ),
    entry(
        "PRODUCT_STATE_CONFLICT",
        409,
        "商品目前的狀態不允許這個操作",
        "The product's state does not allow this",
    ),
    entry("CATEGORY_NOT_FOUND", 404, "找不到分類", "Category not found"),
    entry(
        "CATEGORY_NOT_EMPTY",
        409,
        "分類裡還有商品或子分類，不能刪除",
        "Products or categories still lie in the category",
    ),
    entry(
        "PRICE_CHANGED",
        409,
        "價格已更新，請確認後再下單",
        "The price has changed; please check and order again",
    ),
    entry(
        "PURCHASE_LIMIT_EXCEEDED",
        409,
        "超過每人限購數量",
        "This is more than one customer may buy",
    ),
    entry("SALE_NOT_OPEN", 409, "搶購活動尚未開始或已經結束", "The sale is not open"),
    entry(
        "INVALID_TRANSITION",
        409,
        "目前的狀態無法進行這項操作",
        "This cannot be done in the current state",
    ),
    entry(
        "VERSION_CONFLICT",
        412,
        "資料已被更新，請重新載入",
        "The data has changed meanwhile; please reload",
    ),
    entry(
        "IDEMPOTENCY_KEY_MISSING",
        400,
        "缺少 Idempotency-Key 標頭",
        "The Idempotency-Key header is missing or malformed",
    ),
    entry(
        "IDEMPOTENCY_KEY_REUSED",
        422,
        "同一個 Idempotency-Key 用在不同的請求",
        "This Idempotency-Key was used for another request",
    ),
    entry(
        "REQUEST_IN_PROGRESS",
        409,
        "相同的請求正在處理中，請稍候",
        "The same request is still being processed",
    ),
    entry(
        "QUEUE_FULL",
        503,
        "目前下單人數眾多，請稍後再試",
        "Very many people are ordering right now; please try again shortly",
    ),
    entry(
        "RATE_LIMITED",
        429,
        "操作過於頻繁，請稍後再試",
        "Too many requests; please try again later",
    ),
    entry("CHALLENGE_REQUIRED", 428, "請稍候片刻再試一次", "Please wait a moment and try again"),
    entry("NETWORK_ERROR", 504, "連線異常，請稍後重試", "Connection problem; please try again"),
    entry(
        "VALIDATION_FAILED",
        422,
        "輸入的資料有誤，請檢查後再送出",
        "Some of the input is not valid; please check it",
    ),
    entry("MALFORMED_REQUEST", 400, "無法解讀的請求內容", "The request could not be read"),
    entry("UNSUPPORTED_MEDIA_TYPE", 415, "不支援的內容格式", "The content type is not supported"),
    entry("PAYLOAD_TOO_LARGE", 413, "請求內容過大", "The request is too large"),
    entry("NOT_FOUND", 404, "找不到這個網址", "There is nothing at this address"),
    entry(
        "METHOD_NOT_ALLOWED",
        405,
        "這個網址不支援此操作",
        "This address does not support that method",
    ),
    entry(
        "REQUEST_TIMEOUT",
        408,
        "請求逾時，請重試",
        "The request took too long to arrive; please try again",
    ),
    entry(
        "SERVICE_UNAVAILABLE",
        503,
        "服務暫時無法使用，請稍後再試",
        "The service is temporarily unavailable; please try again shortly",
    ),
    entry("INTERNAL", 500, "系統發生錯誤，我們已收到通知", "Something went wrong on our side"),
];

const fn entry(name: &'static str, status: u16, zh_tw: &'static str, en: &'static str) -> Entry {
    Entry { name, status, zh_tw, en }
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
