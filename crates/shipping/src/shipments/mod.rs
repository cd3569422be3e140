//! Shipments 出貨單: units of an order in a parcel, from one warehouse.

mod change;
pub mod model;
mod sql;

pub use change::{Change, change, create};
pub use model::{
    InvalidShipmentMove, Shipment, ShipmentLine, ShipmentMove, ShipmentStatus, Tracking,
};

use kernel::id::{OrderId, ShipmentId};
use pg::{Connection, DbResult};

/// A shipment, without locking.
pub async fn find(conn: &mut Connection, id: ShipmentId) -> DbResult<Option<Shipment>> {
    Ok(sql::find(conn, &[id]).await?.pop())
}

/// These shipments, without locking, in the order of their ids; unknown ones are absent.
pub async fn find_all(conn: &mut Connection, ids: &[ShipmentId]) -> DbResult<Vec<Shipment>> {
    sql::find(conn, ids).await
}

/// The shipments of an order, the first one first. The order's row is locked where something is
/// decided by them.
pub async fn of_order(conn: &mut Connection, order: OrderId) -> DbResult<Vec<Shipment>> {
    sql::of_order(conn, order).await
}

/// The shipments that a carrier knows by this number and that were not cancelled, the newest first.
pub async fn by_tracking(
    conn: &mut Connection,
    carrier: &str,
    number: &str,
) -> DbResult<Vec<Shipment>> {
    sql::by_tracking(conn, carrier, number).await
}

/// The shipments of a warehouse that are to be packed, the oldest first, at most `limit`.
pub async fn to_pack(
    conn: &mut Connection,
    warehouse: kernel::id::WarehouseId,
    limit: i64,
) -> DbResult<Vec<Shipment>> {
    sql::to_pack(conn, warehouse, limit).await
}
