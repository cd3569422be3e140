//! Looking at transfers, without locking.

use kernel::id::{TransferId, VariantId, WarehouseId};
use pg::{Connection, DbResult};

use super::{
    model::{Transfer, TransferStatus},
    sql,
};

/// Which transfers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransferFilter {
    /// With this status.
    pub status: Option<TransferStatus>,
    /// From or to this warehouse.
    pub warehouse: Option<WarehouseId>,
    /// With this variant among their lines.
    pub variant: Option<VariantId>,
}

/// Units of a variant on their way to a warehouse. They are in nobody's total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InTransit {
    /// Where they are to arrive.
    pub to: WarehouseId,
    /// How many.
    pub quantity: i64,
}

/// What is coming from one warehouse to another, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coming {
    /// Of what.
    pub variant: VariantId,
    /// Where it leaves.
    pub from: WarehouseId,
    /// Where it arrives.
    pub to: WarehouseId,
    /// In drafts.
    pub planned: i64,
    /// On its way.
    pub in_transit: i64,
}

/// A transfer.
pub async fn find(conn: &mut Connection, id: TransferId) -> DbResult<Option<Transfer>> {
    sql::find(conn, id).await
}

/// Transfers that fit, the newest first; `after` is the last one of the page before.
pub async fn list(
    conn: &mut Connection,
    filter: &TransferFilter,
    after: Option<TransferId>,
    limit: i64,
) -> DbResult<Vec<Transfer>> {
    sql::list(conn, filter, after, limit).await
}

/// What is on its way of a variant, by destination.
pub async fn in_transit(conn: &mut Connection, variant: VariantId) -> DbResult<Vec<InTransit>> {
    let rows = sql::in_transit(conn, variant).await?;
    Ok(rows.into_iter().map(|(to, quantity)| InTransit { to, quantity }).collect())
}
