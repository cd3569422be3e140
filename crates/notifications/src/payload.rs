//! What this module needs of the events it listens to, and of who asks for a message: the parts that
//! many messages share. What one message needs besides stands beside its words, in [`crate::mails`].
//! More fields may come; these have to stay.

use jiff::Timestamp;
use kernel::{
    Locale, LocalizedText, Money,
    id::{VariantId, WarehouseId},
};
use serde::{Deserialize, Serialize};

/// `order.paid`: an order was paid.
pub const ORDER_PAID: &str = "order.paid";
/// `order.cancelled`: an order ended unpaid, or before it was sent.
pub const ORDER_CANCELLED: &str = "order.cancelled";
/// `payment.failed`: the provider refused an attempt.
pub const PAYMENT_FAILED: &str = "payment.failed";
/// `payment.code_issued`: the buyer has a code to pay by.
pub const PAYMENT_CODE_ISSUED: &str = "payment.code_issued";
/// `refund.requested`: money has to go back.
pub const REFUND_REQUESTED: &str = "refund.requested";
/// `refund.succeeded`: it went back.
pub const REFUND_SUCCEEDED: &str = "refund.succeeded";
/// `refund.failed`: it could not be paid back; somebody looks into it.
pub const REFUND_FAILED: &str = "refund.failed";
/// `shipment.shipped`: a parcel left.
pub const SHIPMENT_SHIPPED: &str = "shipment.shipped";
/// `shipment.delivered`: it arrived.
pub const SHIPMENT_DELIVERED: &str = "shipment.delivered";
/// `inventory.low_stock`: less is available than the safety stock.
pub const LOW_STOCK: &str = "inventory.low_stock";

/// Why an order was cancelled, when it was because nobody paid in time.
pub const EXPIRED: &str = "expired";

/// Whom a message goes to and about which order: part of every payload about orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The number people see.
    pub number: String,
    /// Where the mail goes.
    pub email: String,
    /// The language it is written in.
    #[serde(default)]
    pub locale: Locale,
    /// The order's page.
    #[serde(default)]
    pub order_url: Option<String>,
}

/// What was bought, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// What was bought.
    pub lines: Vec<Line>,
    /// The lines' sum.
    pub subtotal: Money,
    /// What was taken off.
    pub discount: Money,
    /// What shipping costs.
    pub shipping_fee: Money,
    /// What is to be paid, or was.
    pub total: Money,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// Some goods of an order, in a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goods {
    /// The product's name.
    #[serde(default)]
    pub name: Option<LocalizedText>,
    /// The variant's name; empty when there is only one.
    #[serde(default)]
    pub variant_name: Option<LocalizedText>,
    /// Stock keeping unit: what is said where there is no name.
    #[serde(default)]
    pub sku: Option<String>,
    /// How many.
    pub quantity: u32,
}

/// What tells whom `order.cancelled` concerns.
#[derive(Clone, Debug, Deserialize)]
pub struct Cancelled {
    /// Why.
    pub reason: String,
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

/// Samples, for previews and tests.
pub(crate) mod sample {
    use super::{Bill, Goods, Line, Locale, LocalizedText, Money, Order, Timestamp};

    /// A buyer of the sample.
    pub fn order(locale: Locale) -> Order {
        let language = if locale == Locale::En { "/en" } else { "" };
        Order {
            number: "OX-7Q4M-2KTR".to_owned(),
            email: "ming@example.com".to_owned(),
            locale,
            order_url: Some(format!(
                "https://shop.example{language}/orders/01978000?access_token=a&b=c"
            )),
        }
    }

    /// What they bought.
    pub fn bill() -> Bill {
        let line = |name, variant_name, quantity, total| Line {
            name,
            variant_name,
            quantity,
            line_total: money(total),
        };
        let mug = LocalizedText::new("手作陶杯", "Handmade mug");
        let tea = LocalizedText::new("高山烏龍茶 150 公克", "High mountain oolong, 150 g");
        Bill {
            lines: vec![
                line(mug, LocalizedText::new("米白", "Off-white"), 2, 1560),
                line(tea, LocalizedText::new("", ""), 1, 680),
            ],
            subtotal: money(2240),
            discount: money(240),
            shipping_fee: money(0),
            total: money(2000),
        }
    }

    /// What of it is in a parcel.
    pub fn goods() -> Vec<Goods> {
        vec![Goods {
            name: Some(LocalizedText::new("手作陶杯", "Handmade mug")),
            variant_name: Some(LocalizedText::new("米白", "Off-white")),
            sku: Some("MUG-WHITE".to_owned()),
            quantity: 2,
        }]
    }

    /// Whole dollars.
    pub fn money(amount: i64) -> Money {
        Money::twd(amount).unwrap_or(Money::ZERO)
    }

    /// Five past midnight in Taipei, which is another day in Greenwich, `days` later.
    pub fn time(days: i64) -> Timestamp {
        Timestamp::from_second(1_790_006_700 + days * 86_400).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
