//! What is asked of the engine, and how it may refuse.

use std::sync::Arc;

use compact_str::CompactString;
use kernel::{
    Locale, Money, Quantity,
    id::{UserId, VariantId},
};
use orders::{Address, Contact, Fingerprint};
use payments::MethodRefusal;
use pricing::CouponRefusal;
use thiserror::Error;
use uuid::Uuid;

/// An order somebody wants to place. Its form has been checked; its content has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// The client's idempotency key, made unique for the caller.
    pub key: Uuid,
    /// SHA-256 over the request: the same key with another fingerprint is a mistake.
    pub fingerprint: Fingerprint,
    /// The buyer's account; a guest has none.
    pub customer: Option<UserId>,
    /// The buyer's language.
    pub locale: Locale,
    /// How to reach the buyer.
    pub contact: Arc<Contact>,
    /// Where the goods go.
    pub shipping_address: Arc<Address>,
    /// The shipping method's code.
    pub shipping_method: CompactString,
    /// The payment method's code.
    pub payment_method: CompactString,
    /// A coupon.
    pub coupon_code: Option<String>,
    /// What the buyer wrote.
    pub note: Option<String>,
    /// What to buy, at least one line.
    pub lines: Vec<RequestedLine>,
    /// The total the buyer saw, if the client sent it: only compared.
    pub expected_total: Option<Money>,
    /// Whether the number of unpaid orders is no matter: a trusted back end asks, or a load test.
    pub spared: bool,
}

/// One line of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestedLine {
    /// What.
    pub variant: VariantId,
    /// How many.
    pub quantity: Quantity,
    /// The price the buyer saw, if the client sent it: only compared.
    pub unit_price: Option<Money>,
}

/// A line that cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortLine {
    /// Where in the request, from 0.
    pub index: usize,
    /// What.
    pub variant: VariantId,
    /// Its SKU.
    pub sku: Arc<str>,
    /// What all lines of the request want of it together.
    pub requested: i64,
    /// What is left of it.
    pub available: i64,
}

/// A line whose price is not what the buyer saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceChange {
    /// Where in the request, from 0.
    pub index: usize,
    /// What.
    pub variant: VariantId,
    /// The price now.
    pub unit_price: Money,
}

/// A line of which the buyer would have more than one may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverLimit {
    /// Where in the request, from 0.
    pub index: usize,
    /// What.
    pub variant: VariantId,
    /// Its SKU.
    pub sku: Arc<str>,
    /// What all lines of the request want of it together.
    pub requested: i64,
    /// What one buyer may have of it.
    pub limit: i64,
    /// What this buyer may still have of it.
    pub left: i64,
}

/// Why an order was not placed. Nothing was written; the same key may be used again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A line's variant does not exist or is not for sale.
    #[error("line {index} asks for something that is not for sale")]
    VariantNotFound {
        /// Where in the request, from 0.
        index: usize,
    },
    /// Prices are not what the buyer saw.
    #[error("prices have changed")]
    PriceChanged {
        /// The lines concerned; empty when only the total differs.
        lines: Vec<PriceChange>,
        /// The total now.
        total: Money,
    },
    /// Too little is left.
    #[error("there is not enough stock")]
    Shortage(Vec<ShortLine>),
    /// A stocktake holds what is wanted.
    #[error("the stock is being counted")]
    Frozen(Vec<VariantId>),
    /// No such way of shipping.
    #[error("there is no such shipping method")]
    UnknownShippingMethod,
    /// Such an order cannot be paid by this method.
    #[error("the payment method {0}")]
    PaymentMethod(#[source] MethodRefusal),
    /// The buyer would have more than one may.
    #[error("this is more than one customer may buy")]
    PurchaseLimit(Vec<OverLimit>),
    /// The buyer, or the telephone number, has too many orders open that nobody has paid for.
    #[error("{open} unpaid orders are open, of {limit} at most")]
    HoldLimit {
        /// How many are open.
        open: i64,
        /// How many may be.
        limit: u32,
    },
    /// The coupon cannot be used.
    #[error("the coupon is not valid")]
    CouponInvalid(#[source] CouponRefusal),
    /// The total is beyond all measure, or zero.
    #[error("the total cannot be charged")]
    TotalOutOfRange,
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
}

/// Why there is no order.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// Decided: no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many are waiting; nothing was written.
    #[error("the queue is full")]
    QueueFull,
    /// No answer within the bound: it is not known yet whether the order will be placed. Asking
    /// again with the same key tells.
    #[error("the order is still being worked on")]
    StillWorking,
    /// The database was away for too long, or the server is stopping. Asking again with the same
    /// key is safe.
    #[error("orders cannot be taken right now")]
    Unavailable,
    /// A defect; this request alone is the cause.
    #[error("the order could not be placed")]
    Internal,
}
