//! Stock for the warehouse and for integrators.

pub mod adjust;
pub mod balances;
pub mod explain;
pub mod export;
pub mod import;
pub mod kind;
pub mod movements;
pub mod receive;
pub mod replenishment;
pub mod reservation_time;
pub mod safety_stock;

use ::inventory::StockRow;
use jiff::Timestamp;
use kernel::{
    ErrorCode,
    id::{VariantId, WarehouseId},
};
use pg::Connection;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(balances::handler))
        .routes(routes!(receive::handler))
        .routes(routes!(adjust::handler))
        .routes(routes!(safety_stock::handler))
        .routes(routes!(reservation_time::get, reservation_time::put))
        .routes(routes!(movements::handler))
        .routes(routes!(explain::handler))
        .routes(routes!(replenishment::handler))
        .routes(routes!(export::handler))
        .routes(routes!(import::handler))
}

/// The stock of a variant in one warehouse. `total = available + reserved + sold`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StockBalance {
    /// Where.
    pub warehouse_id: WarehouseId,
    /// Everything there 總庫存.
    pub total: i32,
    /// Free to be promised 可用.
    pub available: i32,
    /// Promised to unpaid orders 預留.
    pub reserved: i32,
    /// Paid for, not shipped yet 已銷售.
    pub sold: i32,
    /// Below this, operations are told 安全庫存.
    pub safety_stock: i32,
    /// Whether a stocktake holds it 盤點.
    pub frozen: bool,
    /// Counts the changes of this balance; also its `ETag`.
    pub version: i64,
}

impl From<&StockRow> for StockBalance {
    fn from(row: &StockRow) -> Self {
        Self {
            warehouse_id: row.key.warehouse,
            total: row.balance.total,
            available: row.balance.available,
            reserved: row.balance.reserved,
            sold: row.balance.sold,
            safety_stock: row.safety_stock,
            frozen: row.frozen_by.is_some(),
            version: row.version,
        }
    }
}

/// Refuses an unknown variant.
async fn known(conn: &mut Connection, variant: VariantId, now: Timestamp) -> Result<(), Problem> {
    if catalog::offers(conn, &[variant], now).await?.is_empty() {
        return Err(ErrorCode::ProductNotFound.into());
    }
    Ok(())
}
