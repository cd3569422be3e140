//! What an order is made of.

use std::sync::Arc;

use compact_str::CompactString;
use jiff::Timestamp;
use kernel::{
    Actor, Locale, LocalizedText, Money, Quantity,
    id::{OrderId, UserId, VariantId},
};
use serde::{Deserialize, Serialize};

use crate::{holds::Holder, model::OrderStatus};

/// How to reach the buyer.
///
/// A text of up to 24 bytes lies in its place, as most do here and in an [`Address`]: a waiting order
/// has one piece of memory for all of them instead of one for each, made on one thread and given back
/// on another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// E-mail address.
    pub email: CompactString,
    /// Telephone number.
    pub phone: CompactString,
}

/// Where the goods go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Who receives them.
    pub name: CompactString,
    /// Telephone of the receiver.
    pub phone: CompactString,
    /// Three to six digits.
    pub postal_code: CompactString,
    /// 縣市.
    pub city: CompactString,
    /// 鄉鎮市區.
    pub district: CompactString,
    /// Street and number.
    pub address1: CompactString,
    /// Floor, building, …
    pub address2: Option<CompactString>,
}

/// One line, with the names and the price of the moment of sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// 1, 2, 3, … in the order asked for.
    pub line_no: i16,
    /// What was bought.
    pub variant: VariantId,
    /// Its SKU.
    pub sku: Arc<str>,
    /// The product's name.
    pub name: LocalizedText,
    /// The variant's name.
    pub variant_name: LocalizedText,
    /// How many.
    pub quantity: Quantity,
    /// For one.
    pub unit_price: Money,
    /// For all of them.
    pub line_total: Money,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id, which carries its shard.
    pub id: OrderId,
    /// How far it has come.
    pub status: OrderStatus,
    /// The buyer's account; a guest has none.
    pub customer: Option<UserId>,
    /// The language to write to the buyer in.
    pub locale: Locale,
    /// How to reach the buyer.
    pub contact: Arc<Contact>,
    /// Where the goods go.
    pub shipping_address: Arc<Address>,
    /// The shipping method's code.
    pub shipping_method: CompactString,
    /// The payment method's code.
    pub payment_method: CompactString,
    /// The coupon used.
    pub coupon_code: Option<String>,
    /// What the buyer wrote.
    pub note: Option<String>,
    /// The lines, by number.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub subtotal: Money,
    /// What was taken off.
    pub discount: Money,
    /// For shipping.
    pub shipping_fee: Money,
    /// To pay.
    pub total: Money,
    /// Until when the stock is held (BR-003).
    pub reserved_until: Timestamp,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
}

/// An order to write.
#[derive(Clone, Copy, Debug)]
pub struct NewOrder<'a> {
    /// The order.
    pub order: &'a Order,
    /// Under whose names it holds stock until it is paid; none when it is not counted.
    pub holder: Option<Holder>,
}

impl<'a> From<&'a Order> for NewOrder<'a> {
    /// One that is not counted.
    fn from(order: &'a Order) -> Self {
        Self { order, holder: None }
    }
}

impl Order {
    /// The buyer as an actor.
    pub fn buyer(&self) -> Actor {
        self.customer.map_or(Actor::Guest, Actor::Customer)
    }

    /// Stops the transaction when the amounts do not add up.
    pub fn assert_sound(&self) {
        assert!(!self.lines.is_empty(), "an order without lines");
        let lines = Money::sum(self.lines.iter().map(|line| line.line_total));
        assert_eq!(lines, Ok(self.subtotal), "the lines do not add up to the subtotal");
        let due = self.subtotal.minus(self.discount).and_then(|due| due.plus(self.shipping_fee));
        assert_eq!(due, Ok(self.total), "the total does not add up");
    }
}
