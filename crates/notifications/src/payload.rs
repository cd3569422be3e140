//! What this module needs of the events it listens to, and of who asks for a mail about an account.
//! More fields may come; these have to stay.

use jiff::Timestamp;
use kernel::{
    Locale, LocalizedText, Money,
    id::{VariantId, WarehouseId},
};
use serde::{Deserialize, Serialize};

/// `order.paid`: an order was paid.
pub const ORDER_PAID: &str = "order.paid";
/// `order.cancelled`: an order ended unpaid.
pub const ORDER_CANCELLED: &str = "order.cancelled";
/// `refund.requested`: money has to go back.
pub const REFUND_REQUESTED: &str = "refund.requested";

/// `inventory.low_stock`: less is available than the safety stock.
pub const LOW_STOCK: &str = "inventory.low_stock";

/// Why an order was cancelled, when it was because nobody paid in time.
pub const EXPIRED: &str = "expired";

/// Whom a mail goes to and about which order: part of every payload.
#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    /// The number people see.
    pub number: String,
    /// Where the mail goes.
    pub email: String,
    /// The language it is written in.
    #[serde(default)]
    pub locale: Locale,
    /// The order's page.
    pub order_url: Option<String>,
}

/// Data of `order.paid`.
#[derive(Clone, Debug, Deserialize)]
pub struct OrderPaid {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What was bought.
    pub lines: Vec<Line>,
    /// The lines' sum.
    pub subtotal: Money,
    /// What was taken off.
    pub discount: Money,
    /// What shipping costs.
    pub shipping_fee: Money,
    /// What was paid.
    pub total: Money,
    /// When.
    pub paid_at: Option<Timestamp>,
}

/// One line of an order.
#[derive(Clone, Debug, Deserialize)]
pub struct Line {
    /// The product's name.
    pub name: LocalizedText,
    /// The variant's name; empty when there is only one.
    pub variant_name: LocalizedText,
    /// How many.
    pub quantity: u32,
    /// What they cost together.
    pub line_total: Money,
}

/// Data of `order.cancelled`.
#[derive(Clone, Debug, Deserialize)]
pub struct OrderCancelled {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// Why.
    pub reason: String,
}

/// Data of `refund.requested`.
#[derive(Clone, Debug, Deserialize)]
pub struct RefundRequested {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What goes back.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
}

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// It came after the order had expired, and its stock was gone.
    StockGone,
    /// It came after the order had expired, and a limit left no room for it any more.
    LimitReached,
    /// It came after the buyer had cancelled the order.
    OrderCancelled,
    /// The order had been paid already.
    PaidTwice,
    /// A person decided it: told elsewhere.
    #[serde(other)]
    Other,
}

impl RefundReason {
    /// The key of the phrase that explains it; none when no mail is due.
    pub const fn phrase(self) -> Option<&'static str> {
        match self {
            Self::StockGone => Some("stock_gone"),
            Self::LimitReached => Some("limit_reached"),
            Self::OrderCancelled => Some("order_cancelled"),
            Self::PaidTwice => Some("paid_twice"),
            Self::Other => None,
        }
    }
}

/// Data of `inventory.low_stock`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct LowStock {
    /// Of which variant.
    pub variant_id: VariantId,
    /// Where.
    pub warehouse_id: WarehouseId,
    /// What was available then.
    pub available: i32,
    /// What should have been.
    pub safety_stock: i32,
}

/// What the mail about low stock needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LowStockAlert {
    /// Where the mail goes.
    pub email: String,
    /// The language it is written in.
    #[serde(default)]
    pub locale: Locale,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub name: LocalizedText,
    /// The variant's name; empty when there is only one.
    pub variant_name: LocalizedText,
    /// The warehouse's code.
    pub warehouse: String,
    /// What was available then.
    pub available: i32,
    /// What should have been.
    pub safety_stock: i32,
}

/// What a mail about an account needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Where the mail goes.
    pub email: String,
    /// The language it is written in.
    #[serde(default)]
    pub locale: Locale,
    /// The page it leads to. May carry a token that opens the account: it is for this mail only.
    pub link: String,
}
