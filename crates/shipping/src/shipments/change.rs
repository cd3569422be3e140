//! Planning and moving shipments. The order's row is locked by the flow that calls this.

use jiff::Timestamp;
use kernel::Actor;
use pg::{Connection, DbResult};

use super::{
    model::{Shipment, ShipmentMove, ShipmentStatus, Tracking},
    sql,
};
use crate::error::ShippingError;

/// A change of a shipment.
#[derive(Clone, Debug, Default)]
pub struct Change<'a> {
    /// What happens to it.
    pub asked: Option<ShipmentMove>,
    /// How it is known on its way from now on.
    pub tracking: Option<Tracking>,
    /// When it happened; now, unless somebody knows better.
    pub happened_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<&'a str>,
}

/// Plans a parcel, `pending`.
pub async fn create(conn: &mut Connection, shipment: &Shipment, actor: Actor) -> DbResult<()> {
    sql::insert(conn, shipment).await?;
    sql::insert_lines(conn, shipment).await?;
    sql::insert_transition(conn, shipment, None, actor, None, shipment.created_at).await
}

/// Changes a shipment that is as it was read, and answers with what it is then.
pub async fn change(
    conn: &mut Connection,
    before: &Shipment,
    change: &Change<'_>,
    actor: Actor,
    at: Timestamp,
) -> Result<Shipment, ShippingError> {
    let mut after = Shipment { version: before.version + 1, ..before.clone() };
    if let Some(asked) = change.asked {
        after.status = before.status.after(asked)?;
    }
    if let Some(tracking) = &change.tracking {
        after.tracking = tracking.clone();
    }
    let happened_at = change.happened_at.unwrap_or(at);
    match after.status {
        ShipmentStatus::Shipped if before.shipped_at.is_none() => {
            after.shipped_at = Some(happened_at);
        }
        ShipmentStatus::Delivered if before.delivered_at.is_none() => {
            after.delivered_at = Some(happened_at);
        }
        _ => {}
    }
    sql::update(conn, before, &after).await?;
    if change.asked.is_some() {
        let from = Some(before.status);
        sql::insert_transition(conn, &after, from, actor, change.reason, at).await?;
    }
    Ok(after)
}
