//! Parcels of an order.

use jiff::Timestamp;
use kernel::{
    LocalizedText,
    id::{OrderId, ShipmentId, VariantId, WarehouseId},
};
use serde::Serialize;
use shipping::{Carrier, Shipment};
use utoipa::ToSchema;

use super::ShipmentStatusWord;

/// Who brings parcels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Carrier)]
pub struct CarrierView {
    /// Known by it for ever.
    #[schema(value_type = String, example = "tcat")]
    pub code: &'static str,
    /// Its name.
    pub name: LocalizedText,
}

impl From<&Carrier> for CarrierView {
    fn from(carrier: &Carrier) -> Self {
        Self { code: carrier.code, name: carrier.name() }
    }
}

/// Units in a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ShipmentLine)]
pub struct ParcelLineView {
    /// Of which line of the order.
    pub line_no: i16,
    /// Of which variant; of a bundle's line, one of its components.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: i32,
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Shipment)]
pub struct ParcelView {
    /// Its id.
    pub id: ShipmentId,
    /// Whose units it holds.
    pub order_id: OrderId,
    /// 1, 2, 3, … of its order.
    pub parcel: i16,
    /// Where it leaves.
    pub warehouse_id: WarehouseId,
    /// How far it has come.
    pub status: ShipmentStatusWord,
    /// Who brings it.
    #[schema(required)]
    pub carrier: Option<CarrierView>,
    /// What the carrier knows it by.
    #[schema(required)]
    pub tracking_number: Option<String>,
    /// Where it can be followed.
    #[schema(required)]
    pub tracking_url: Option<String>,
    /// Counts its changes: the `ETag`.
    pub version: i64,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it left.
    #[schema(required)]
    pub shipped_at: Option<Timestamp>,
    /// When it arrived.
    #[schema(required)]
    pub delivered_at: Option<Timestamp>,
    /// What is in it.
    pub lines: Vec<ParcelLineView>,
}

impl From<&Shipment> for ParcelView {
    fn from(shipment: &Shipment) -> Self {
        let lines = shipment.lines.iter().map(|line| ParcelLineView {
            line_no: line.line_no,
            variant_id: line.variant,
            quantity: line.quantity,
        });
        Self {
            id: shipment.id,
            order_id: shipment.order,
            parcel: shipment.number,
            warehouse_id: shipment.warehouse,
            status: shipment.status.into(),
            carrier: shipment.tracking.carrier.map(CarrierView::from),
            tracking_number: shipment.tracking.number.clone(),
            tracking_url: shipment.tracking.url(),
            version: shipment.version,
            created_at: shipment.created_at,
            shipped_at: shipment.shipped_at,
            delivered_at: shipment.delivered_at,
            lines: lines.collect(),
        }
    }
}
