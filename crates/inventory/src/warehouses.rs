//! Warehouses 倉庫.

use kernel::{LocalizedText, id::WarehouseId};
use pg::{Connection, DbResult};

use crate::sql;

/// A warehouse.
#[derive(Clone, Debug, PartialEq)]
pub struct Warehouse {
    /// Its id.
    pub id: WarehouseId,
    /// A short name for people, e.g. `TPE`; unique.
    pub code: String,
    /// Its name.
    pub name: LocalizedText,
    /// Three to six digits.
    pub postal_code: String,
    /// 縣市.
    pub city: String,
    /// 鄉鎮市區.
    pub district: String,
    /// Street and number.
    pub address1: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Lower serves first when two are equally near.
    pub priority: i32,
    /// Closed warehouses serve no orders and receive no goods.
    pub active: bool,
}

/// All warehouses, by priority.
pub async fn warehouses(conn: &mut Connection) -> DbResult<Vec<Warehouse>> {
    sql::warehouses(conn).await
}

/// Adds a warehouse, or changes the one with this id.
pub async fn put_warehouse(conn: &mut Connection, warehouse: &Warehouse) -> DbResult<()> {
    sql::put_warehouse(conn, warehouse).await
}
