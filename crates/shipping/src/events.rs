//! The events this module publishes: its contract with the world. Their subject is the order, so that
//! they keep their place among the order's own events.

use jiff::Timestamp;
use kernel::{
    Clock, Ids, Locale, LocalizedText,
    id::{OrderId, RefundId, ReturnId, ShipmentId, VariantId, WarehouseId},
};
use outbox::NewEvent;
use serde::Serialize;

use crate::{
    returns::{Return, ReturnCause},
    shipments::{Shipment, Tracking},
};

/// A parcel is planned.
pub const SHIPMENT_CREATED: &str = "shipment.created";
/// A parcel left the warehouse.
pub const SHIPMENT_SHIPPED: &str = "shipment.shipped";
/// A parcel arrived.
pub const SHIPMENT_DELIVERED: &str = "shipment.delivered";
/// A parcel came back.
pub const SHIPMENT_RETURNED: &str = "shipment.returned";
/// A parcel is not to be.
pub const SHIPMENT_CANCELLED: &str = "shipment.cancelled";
/// A customer wants to send goods back.
pub const RETURN_REQUESTED: &str = "return.requested";
/// The goods may be sent.
pub const RETURN_APPROVED: &str = "return.approved";
/// They may not.
pub const RETURN_REJECTED: &str = "return.rejected";
/// They are here.
pub const RETURN_RECEIVED: &str = "return.received";
/// They were looked at; what was accepted is refunded.
pub const RETURN_INSPECTED: &str = "return.inspected";
/// It was given up.
pub const RETURN_CANCELLED: &str = "return.cancelled";

/// Whom to tell about an order's goods, and how the order and its lines are called.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The order's number for people.
    pub number: &'a str,
    /// The buyer's address.
    pub email: &'a str,
    /// The buyer's language.
    pub locale: Locale,
    /// The order's page, as the buyer opens it.
    pub order_url: &'a str,
    /// What the lines, and what is in their bundles, are called.
    pub names: Vec<Named<'a>>,
}

/// What a variant of a line is called.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Which line.
    pub line_no: i16,
    /// Of a bundle's line, also its components.
    pub variant: VariantId,
    /// Its SKU.
    pub sku: &'a str,
    /// Its product's name.
    pub name: &'a LocalizedText,
    /// Its own name.
    pub variant_name: &'a LocalizedText,
}

impl Told<'_> {
    fn line(&self, line_no: i16, variant: Option<VariantId>, quantity: i32) -> Line<'_> {
        let found = self.names.iter().find(|it| {
            it.line_no == line_no && variant.is_none_or(|variant| variant == it.variant)
        });
        Line {
            line_no,
            variant_id: variant.or(found.map(|it| it.variant)),
            sku: found.map(|it| it.sku),
            name: found.map(|it| it.name),
            variant_name: found.map(|it| it.variant_name),
            quantity,
        }
    }
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the word of the event")]
struct Line<'a> {
    line_no: i16,
    variant_id: Option<VariantId>,
    sku: Option<&'a str>,
    name: Option<&'a LocalizedText>,
    variant_name: Option<&'a LocalizedText>,
    quantity: i32,
}

/// Data of `shipment.created`, `shipment.shipped`, `shipment.delivered`, `shipment.returned` and
/// `shipment.cancelled`.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the word of the event")]
struct Parcel<'a> {
    shipment_id: ShipmentId,
    order_id: OrderId,
    number: &'a str,
    email: &'a str,
    locale: Locale,
    order_url: &'a str,
    /// 1, 2, 3, … of its order.
    parcel: i16,
    warehouse_id: WarehouseId,
    carrier: Option<&'static str>,
    carrier_name: Option<LocalizedText>,
    tracking_number: Option<&'a str>,
    tracking_url: Option<String>,
    shipped_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    lines: Vec<Line<'a>>,
}

/// An event about a parcel.
pub fn of_shipment(
    kind: &'static str,
    shipment: &Shipment,
    told: &Told<'_>,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    let Tracking { carrier, number } = &shipment.tracking;
    let lines = shipment.lines.iter();
    let data = Parcel {
        shipment_id: shipment.id,
        order_id: shipment.order,
        number: told.number,
        email: told.email,
        locale: told.locale,
        order_url: told.order_url,
        parcel: shipment.number,
        warehouse_id: shipment.warehouse,
        carrier: carrier.map(|carrier| carrier.code),
        carrier_name: carrier.map(crate::Carrier::name),
        tracking_number: number.as_deref(),
        tracking_url: shipment.tracking.url(),
        shipped_at: shipment.shipped_at,
        delivered_at: shipment.delivered_at,
        lines: lines.map(|it| told.line(it.line_no, Some(it.variant), it.quantity)).collect(),
    };
    event(kind, shipment.order, &data, clock, ids)
}

/// Data of `return.requested`, `return.approved`, `return.rejected`, `return.received`,
/// `return.inspected` and `return.cancelled`.
#[derive(Serialize)]
struct Back<'a> {
    return_id: ReturnId,
    order_id: OrderId,
    number: &'a str,
    email: &'a str,
    locale: Locale,
    order_url: &'a str,
    cause: ReturnCause,
    /// What the customer is told about the decision.
    answer: Option<&'a str>,
    refund_id: Option<RefundId>,
    lines: Vec<BackLine<'a>>,
}

#[derive(Serialize)]
struct BackLine<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    received: i32,
    accepted: i32,
    refused: i32,
}

/// An event about a return.
pub fn of_return(
    kind: &'static str,
    back: &Return,
    told: &Told<'_>,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    let line = |it: &crate::returns::ReturnLine| BackLine {
        line: told.line(it.line_no, None, it.quantity),
        received: it.received,
        accepted: it.accepted(),
        refused: it.refused,
    };
    let data = Back {
        return_id: back.id,
        order_id: back.order,
        number: told.number,
        email: told.email,
        locale: told.locale,
        order_url: told.order_url,
        cause: back.cause,
        answer: back.answer.as_deref(),
        refund_id: back.refund,
        lines: back.lines.iter().map(line).collect(),
    };
    event(kind, back.order, &data, clock, ids)
}

fn event(
    kind: &'static str,
    order: OrderId,
    data: &impl Serialize,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    NewEvent::new(kind, order.shard(), order.as_uuid(), data, clock, ids)
}
