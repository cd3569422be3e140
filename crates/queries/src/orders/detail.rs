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

use super::{
    OrderStatusWord, ParcelView, PaymentStatusWord, ReturnView, TimelineEntry, sql, sql_timeline,
    timeline::HistoryEntry,
};
use crate::{AdjustmentView, BundlePartView, Image, adjustment, cart::is_zero};

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
    /// Until when it can be paid.
    #[schema(required)]
    pub pay_until: Option<Timestamp>,
    /// The code to pay by, once it was issued.
    #[schema(required)]
    pub code: Option<PaymentCodeView>,
    /// What has come so far, where people of the shop confirm what comes.
    pub received: Money,
    /// Where to transfer the money to, while it is to be transferred.
    #[schema(required)]
    pub transfer: Option<TransferView>,
    /// Who takes the money; not part of the answer.
    #[serde(skip)]
    #[schema(ignore)]
    pub provider: String,
}

/// A code to pay by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = PaymentCode)]
pub enum PaymentCodeView {
    /// A virtual account (虛擬帳號), paid by transfer.
    Atm {
        /// The bank's three digits.
        #[schema(example = "812")]
        bank_code: String,
        /// The account.
        #[schema(example = "9103522175887271")]
        account: String,
        /// Until when.
        expires_at: Timestamp,
    },
    /// A code for the terminal of a convenience store (超商代碼).
    Cvs {
        /// The code.
        #[schema(example = "LLL22117485013")]
        payment_no: String,
        /// Until when.
        expires_at: Timestamp,
    },
    /// Three Code 39 barcodes (超商條碼), to be drawn and shown at the counter in this order.
    Barcode {
        /// Their contents.
        #[schema(min_items = 3, max_items = 3)]
        segments: Vec<String>,
        /// Until when.
        expires_at: Timestamp,
    },
}

/// Where to transfer money to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PaymentTransfer)]
pub struct TransferView {
    /// The bank's three digits.
    #[schema(example = "004")]
    pub bank_code: String,
    /// The bank's name.
    pub bank_name: String,
    /// The account's number.
    pub account: String,
    /// Whose it is.
    pub holder: String,
    /// What to write with it, so that it is recognised.
    #[schema(example = "7K3M9QWD")]
    pub reference: String,
    /// How much.
    pub amount: Money,
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
    /// The same, one by one, in the order in which it was taken off; and what was taken off the fee
    /// for shipping.
    pub adjustments: Vec<AdjustmentView>,
    /// For shipping.
    pub shipping_fee: Money,
    /// To pay.
    pub total: Money,
    /// The tax (5 % VAT) that the total includes.
    pub vat_included: Money,
    /// Until when the stock is (or was) held for it.
    pub reserved_until: Timestamp,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it was paid.
    #[schema(required)]
    pub paid_at: Option<Timestamp>,
    /// Attempts to pay it, the first one first.
    pub payments: Vec<OrderPaymentView>,
    /// Its parcels, the first one first.
    pub shipments: Vec<ParcelView>,
    /// What its buyer sent back, or wants to, the first one first.
    pub returns: Vec<ReturnView>,
    /// What happened to it, its payments, parcels and returns, the first thing first.
    pub timeline: Vec<TimelineEntry>,
}

/// The order, whoever asks: who may read it is the API's question.
pub async fn detail(conn: &mut Connection, id: OrderId) -> DbResult<Option<OrderView>> {
    let Some(mut order) = sql::order(conn, id).await? else { return Ok(None) };
    order.items = sql::items(conn, id).await?;
    let taken_off = orders::adjustments::of_orders(conn, &[id]).await?;
    order.adjustments = taken_off.iter().map(adjustment::of_order).collect();
    order.payments = sql::payments(conn, id).await?;
    let parcels = shipping::shipments::of_order(conn, id).await?;
    order.shipments = parcels.iter().map(ParcelView::from).collect();
    let returns = shipping::returns::of_order(conn, id).await?;
    order.returns = returns.iter().map(ReturnView::from).collect();
    let steps = sql_timeline::steps(conn, id).await?;
    order.timeline.extend(steps.iter().map(HistoryEntry::for_buyer));
    Ok(Some(order))
}
