//! An order with everything its buyer may know.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{
    LocalizedText, Money,
    id::{OrderId, PaymentId, UserId, VariantId},
};
use pg::{Connection, DbResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{OrderStatusWord, PaymentStatusWord, sql};
use crate::{BundlePartView, Image, cart::is_zero};

/// How the buyer is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactView {
    /// E-mail address.
    #[schema(example = "a@example.com")]
    pub email: String,
    /// Telephone number.
    #[schema(example = "0912345678")]
    pub phone: String,
}

/// Where the goods go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Address)]
pub struct AddressView {
    /// Who receives them.
    pub name: String,
    /// Telephone of the receiver.
    pub phone: String,
    /// Three to six digits.
    pub postal_code: String,
    /// 縣市.
    pub city: String,
    /// 鄉鎮市區.
    pub district: String,
    /// Street and number.
    pub address1: String,
    /// Floor, building, …
    pub address2: Option<String>,
}

/// A line of an order, with the names and prices of the moment of sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderItem)]
pub struct OrderItemView {
    /// 1, 2, 3, …
    pub line_no: i16,
    /// What was bought.
    pub variant_id: VariantId,
    /// Its product's place in addresses today; empty when the product is unknown by now.
    #[schema(value_type = String)]
    pub product_slug: Arc<str>,
    /// Stock keeping unit.
    #[schema(value_type = String)]
    pub sku: Arc<str>,
    /// The product's name.
    pub name: LocalizedText,
    /// What tells the variant from its siblings; may be empty.
    pub variant_name: LocalizedText,
    /// A picture of it.
    #[schema(required)]
    pub image: Option<Image>,
    /// How many.
    pub quantity: u32,
    /// What one cost.
    pub unit_price: Money,
    /// What they cost together.
    pub line_total: Money,
    /// Of `quantity`, how many were sold beyond stock and wait for it.
    #[serde(skip_serializing_if = "is_zero")]
    pub backordered: u32,
    /// What it was made of when it was sold, if it is a bundle.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<BundlePartView>,
}

/// An attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPayment)]
pub struct OrderPaymentView {
    /// Its id.
    pub id: PaymentId,
    /// How far it has come.
    pub status: PaymentStatusWord,
    /// The payment method's code.
    #[schema(example = "ecpay_credit")]
    pub method: String,
    /// How much.
    pub amount: Money,
    /// What the provider knows it by.
    pub merchant_trade_no: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When the money was paid.
    #[schema(required)]
    pub paid_at: Option<Timestamp>,
}

/// Who moved an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineActor {
    /// Its buyer, with an account or without.
    Customer,
    /// The shop itself.
    System,
    /// The payment provider.
    PaymentProvider,
    /// Somebody of the shop.
    Staff,
}

/// A step in the life of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// From where; `null` when the order was placed.
    #[schema(required)]
    pub from: Option<OrderStatusWord>,
    /// To where.
    pub to: OrderStatusWord,
    /// By whom.
    pub actor: TimelineActor,
    /// Why.
    #[schema(required)]
    pub reason: Option<String>,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    /// Its id.
    pub id: OrderId,
    /// Its number for people.
    #[schema(example = "261121-K7M3-9QWD-2XAB")]
    pub number: String,
    /// Whose it is: for the API to decide who may read it; not part of the answer.
    #[serde(skip)]
    #[schema(ignore)]
    pub customer: Option<UserId>,
    /// How far it has come.
    pub status: OrderStatusWord,
    /// What was bought.
    pub items: Vec<OrderItemView>,
    /// How the buyer is reached.
    pub contact: ContactView,
    /// Where the goods go.
    pub shipping_address: AddressView,
    /// The shipping method's code.
    pub shipping_method: String,
    /// The payment method's code.
    pub payment_method: String,
    /// What the buyer wrote.
    #[schema(required)]
    pub note: Option<String>,
    /// The sum of the lines.
    pub subtotal: Money,
    /// What was taken off.
    pub discount: Money,
    /// For shipping.
    pub shipping_fee: Money,
    /// To pay.
    pub total: Money,
    /// Until when the stock is (or was) held for it.
    pub reserved_until: Timestamp,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it was paid.
    #[schema(required)]
    pub paid_at: Option<Timestamp>,
    /// Attempts to pay it, the first one first.
    pub payments: Vec<OrderPaymentView>,
    /// What happened to it, the first thing first.
    pub timeline: Vec<TimelineEntry>,
}

/// The order, whoever asks: who may read it is the API's question.
pub async fn detail(conn: &mut Connection, id: OrderId) -> DbResult<Option<OrderView>> {
    let Some(mut order) = sql::order(conn, id).await? else { return Ok(None) };
    order.items = sql::items(conn, id).await?;
    order.payments = sql::payments(conn, id).await?;
    order.timeline.extend(sql::transitions(conn, id).await?);
    Ok(Some(order))
}
