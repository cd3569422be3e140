//! The events this module publishes: its contract with the world.

use jiff::Timestamp;
use kernel::{
    Clock, Ids, Locale, LocalizedText, Money, Quantity,
    id::{OrderId, UserId, VariantId},
};
use outbox::NewEvent;
use serde::Serialize;

use crate::{number::OrderNumber, placing::Order};

/// An order was accepted, its stock is held.
pub const CREATED: &str = "order.created";
/// An order was paid, its stock is sold.
pub const PAID: &str = "order.paid";
/// An order ended unpaid, its stock is free again.
pub const CANCELLED: &str = "order.cancelled";

/// Operations changed where an order goes, or took something off it.
pub const EDITED: &str = "order.edited";
/// Everything was delivered, and the time for returns is over.
pub const COMPLETED: &str = "order.completed";

#[derive(Serialize)]
struct Created<'a> {
    order_id: OrderId,
    number: String,
    customer_id: Option<UserId>,
    total: Money,
    lines: Vec<CreatedLine<'a>>,
    reserved_until: Timestamp,
}

#[derive(Serialize)]
struct CreatedLine<'a> {
    variant_id: VariantId,
    sku: &'a str,
    quantity: Quantity,
}

/// The event that an order was accepted.
pub fn created(order: &Order, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let lines = order.lines.iter().map(|line| CreatedLine {
        variant_id: line.variant,
        sku: &line.sku,
        quantity: line.quantity,
    });
    let data = Created {
        order_id: order.id,
        number: OrderNumber::of(order.id).to_string(),
        customer_id: order.customer,
        total: order.total,
        lines: lines.collect(),
        reserved_until: order.reserved_until,
    };
    event(CREATED, order, &data, clock, ids)
}

#[expect(clippy::struct_field_names, reason = "the names of the contract")]
#[derive(Serialize)]
struct Paid<'a> {
    order_id: OrderId,
    number: String,
    email: &'a str,
    locale: Locale,
    lines: Vec<PaidLine<'a>>,
    subtotal: Money,
    discount: Money,
    shipping_fee: Money,
    total: Money,
    paid_at: Option<Timestamp>,
    order_url: &'a str,
}

#[derive(Serialize)]
struct PaidLine<'a> {
    sku: &'a str,
    name: &'a LocalizedText,
    variant_name: &'a LocalizedText,
    quantity: Quantity,
    line_total: Money,
}

/// The event that an order was paid; it carries what a confirmation to the buyer needs.
pub fn paid(order: &Order, order_url: &str, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let lines = order.lines.iter().map(|line| PaidLine {
        sku: &line.sku,
        name: &line.name,
        variant_name: &line.variant_name,
        quantity: line.quantity,
        line_total: line.line_total,
    });
    let data = Paid {
        order_id: order.id,
        number: OrderNumber::of(order.id).to_string(),
        email: &order.contact.email,
        locale: order.locale,
        lines: lines.collect(),
        subtotal: order.subtotal,
        discount: order.discount,
        shipping_fee: order.shipping_fee,
        total: order.total,
        paid_at: order.paid_at,
        order_url,
    };
    event(PAID, order, &data, clock, ids)
}

#[derive(Serialize)]
struct Cancelled<'a> {
    order_id: OrderId,
    number: String,
    email: &'a str,
    locale: Locale,
    reason: &'a str,
}

/// The event that an order ended unpaid.
pub fn cancelled(order: &Order, reason: &str, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let data = Cancelled {
        order_id: order.id,
        number: OrderNumber::of(order.id).to_string(),
        email: &order.contact.email,
        locale: order.locale,
        reason,
    };
    event(CANCELLED, order, &data, clock, ids)
}

#[derive(Serialize)]
struct Edited {
    order_id: OrderId,
    number: String,
    /// The lines as they are now.
    lines: Vec<EditedLine>,
    total: Money,
    /// What goes back of what was paid.
    refunded: Money,
}

#[derive(Serialize)]
struct EditedLine {
    line_no: i16,
    variant_id: VariantId,
    quantity: Quantity,
}

/// The event that operations changed an order.
pub fn edited(order: &Order, refunded: Money, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let lines = order.lines.iter().map(|line| EditedLine {
        line_no: line.line_no,
        variant_id: line.variant,
        quantity: line.quantity,
    });
    let data = Edited {
        order_id: order.id,
        number: OrderNumber::of(order.id).to_string(),
        lines: lines.collect(),
        total: order.total,
        refunded,
    };
    event(EDITED, order, &data, clock, ids)
}

#[derive(Serialize)]
struct Completed {
    order_id: OrderId,
    number: String,
    customer_id: Option<UserId>,
    total: Money,
}

/// The event that an order is completed.
pub fn completed(order: &Order, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let data = Completed {
        order_id: order.id,
        number: OrderNumber::of(order.id).to_string(),
        customer_id: order.customer,
        total: order.total,
    };
    event(COMPLETED, order, &data, clock, ids)
}

fn event(
    kind: &'static str,
    order: &Order,
    data: &impl Serialize,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    NewEvent::new(kind, order.id.shard(), order.id.as_uuid(), data, clock, ids)
}
