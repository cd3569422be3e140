//! The events this module publishes: its contract with the world.

use kernel::{Clock, Ids, id::EventId};
use outbox::NewEvent;
use serde_json::{Value, json};

use crate::{number::OrderNumber, placing::Order};

/// An order was accepted, its stock is held.
pub const CREATED: &str = "order.created";
/// An order was paid, its stock is sold.
pub const PAID: &str = "order.paid";
/// An order ended unpaid, its stock is free again.
pub const CANCELLED: &str = "order.cancelled";

/// The event that an order was accepted.
pub fn created(order: &Order, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let lines: Vec<Value> = order
        .lines
        .iter()
        .map(|line| json!({"variant_id": line.variant, "sku": line.sku, "quantity": line.quantity}))
        .collect();
    let data = json!({
        "order_id": order.id, "number": OrderNumber::of(order.id).to_string(),
        "customer_id": order.customer, "total": order.total, "lines": lines,
        "reserved_until": order.reserved_until,
    });
    event(CREATED, order, data, clock, ids)
}

/// The event that an order was paid; it carries what a confirmation to the buyer needs.
pub fn paid(order: &Order, order_url: &str, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let lines: Vec<Value> = order
        .lines
        .iter()
        .map(|line| {
            json!({
                "sku": line.sku, "name": line.name, "variant_name": line.variant_name,
                "quantity": line.quantity, "line_total": line.line_total,
            })
        })
        .collect();
    let data = json!({
        "order_id": order.id, "number": OrderNumber::of(order.id).to_string(),
        "email": order.contact.email, "locale": order.locale, "lines": lines,
        "subtotal": order.subtotal, "discount": order.discount,
        "shipping_fee": order.shipping_fee, "total": order.total, "paid_at": order.paid_at,
        "order_url": order_url,
    });
    event(PAID, order, data, clock, ids)
}

/// The event that an order ended unpaid.
pub fn cancelled(order: &Order, reason: &str, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let data = json!({
        "order_id": order.id, "number": OrderNumber::of(order.id).to_string(),
        "email": order.contact.email, "locale": order.locale, "reason": reason,
    });
    event(CANCELLED, order, data, clock, ids)
}

fn event(kind: &'static str, order: &Order, data: Value, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    NewEvent {
        id: ids.next::<EventId>(clock),
        shard: order.id.shard(),
        kind,
        subject: order.id.as_uuid(),
        data,
        occurred_at: clock.now(),
    }
}
