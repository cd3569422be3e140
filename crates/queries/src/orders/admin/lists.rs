//! The lists of parcels and of returns.

use jiff::Timestamp;
use kernel::{
    Cursor, Page, PageLimit,
    id::{OrderId, ReturnId, ShipmentId, WarehouseId},
};
use pg::Connection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::sql_lists as sql;
use crate::{
    ListError,
    orders::{CarrierView, ReturnCauseWord, ReturnStatusWord, ShipmentStatusWord},
};

/// Which parcels.
#[derive(Clone, Debug, Default)]
pub struct ShipmentFilter {
    /// With this status.
    pub status: Option<ShipmentStatusWord>,
    /// From this warehouse.
    pub warehouse: Option<WarehouseId>,
    /// With this number at its carrier.
    pub tracking_number: Option<String>,
}

/// A parcel in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ShipmentSummary)]
pub struct ParcelSummary {
    /// Its id.
    pub id: ShipmentId,
    /// Whose units it holds.
    pub order_id: OrderId,
    /// The order's number for people.
    pub order_number: String,
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
    /// Who receives it.
    pub receiver: String,
    /// Units in it.
    pub units: i64,
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
}

/// A return in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReturnSummary {
    /// Its id.
    pub id: ReturnId,
    /// Whose units they are.
    pub order_id: OrderId,
    /// The order's number for people.
    pub order_number: String,
    /// 1, 2, 3, … of its order.
    pub number: i16,
    /// How far it has come.
    pub status: ReturnStatusWord,
    /// Why, in a word.
    pub cause: ReturnCauseWord,
    /// Units that are to come back.
    pub units: i64,
    /// Counts its changes: the `ETag`.
    pub version: i64,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it ended.
    #[schema(required)]
    pub closed_at: Option<Timestamp>,
}

/// A page of parcels, the newest first.
pub async fn parcels(
    conn: &mut Connection,
    filter: &ShipmentFilter,
    cursor: Option<&str>,
    limit: PageLimit,
) -> Result<Page<ParcelSummary>, ListError> {
    let after = cursor.map(Cursor::unpack::<Uuid>).transpose()?;
    let rows = sql::parcels(conn, filter, after, limit).await?;
    Ok(Page::from_rows(rows, limit, |last| Cursor::pack(&last.id)))
}

/// A page of returns, the newest first.
pub async fn returns(
    conn: &mut Connection,
    status: Option<ReturnStatusWord>,
    cursor: Option<&str>,
    limit: PageLimit,
) -> Result<Page<ReturnSummary>, ListError> {
    let after = cursor.map(Cursor::unpack::<Uuid>).transpose()?;
    let rows = sql::returns(conn, status, after, limit).await?;
    Ok(Page::from_rows(rows, limit, |last| Cursor::pack(&last.id)))
}
