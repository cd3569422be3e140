//! Parcels: planned, packed, sent, followed; and what is printed for them.

pub mod carriers;
pub mod change;
pub mod create;
pub mod detail;
pub mod form;
pub mod list;
pub mod packing_slip;
pub mod pick_list;
mod print;

use ::access::{Kind, Resource};
use ::shipping::Shipment;
use axum::{
    Json,
    http::{HeaderName, HeaderValue},
};
use queries::orders::ParcelView;
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::etag};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create::handler))
        .routes(routes!(carriers::handler))
        .routes(routes!(list::handler))
        .routes(routes!(pick_list::handler))
        .routes(routes!(detail::handler, change::handler))
        .routes(routes!(packing_slip::handler))
}

/// A parcel with its version as the `ETag`.
pub type Tagged = ([(HeaderName, HeaderValue); 1], Json<ParcelView>);

/// A parcel as an answer.
pub fn tagged(shipment: &Shipment) -> Tagged {
    (etag(shipment.version), Json(shipment.into()))
}

/// A parcel in the words of the policies.
fn resource(shipment: &Shipment) -> Resource {
    Resource::one(Kind::Shipment, shipment.id).with_status(shipment.status.as_str())
}

/// A parcel in the words of the audit log.
fn on_record(shipment: &Shipment) -> Value {
    json!({
        "order_id": shipment.order, "parcel": shipment.number, "status": shipment.status,
        "warehouse_id": shipment.warehouse,
        "carrier": shipment.tracking.carrier.map(|carrier| carrier.code),
        "tracking_number": shipment.tracking.number,
        "units": shipment.lines.iter().map(|line| line.quantity).sum::<i32>(),
    })
}
