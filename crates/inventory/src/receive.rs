//! Receiving goods 入庫.

use kernel::{
    Quantity,
    id::{VariantId, WarehouseId},
};
use pg::Connection;

use crate::{
    SaveContext,
    error::InventoryError,
    ledger::Cause,
    model::{MovementKind, StockKey, StockRow},
    sql,
};

/// Adds `quantity` units in one warehouse and answers with the row as it is then. The caller has
/// made sure that the variant exists.
pub async fn receive(
    conn: &mut Connection,
    variant: VariantId,
    warehouse: WarehouseId,
    quantity: Quantity,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<StockRow, InventoryError> {
    if !sql::warehouse_is_active(conn, warehouse).await? {
        return Err(InventoryError::WarehouseNotFound);
    }
    let key = StockKey { variant, warehouse };
    sql::ensure_stock_row(conn, key).await?;
    let mut ledger = crate::lock(conn, &[variant]).await?;
    ledger.apply(key, MovementKind::Receive, quantity.to_i32(), cause)?;
    let row = *ledger.row(key).ok_or(crate::model::StockError::NoSuchRow)?;
    sql::save(conn, ledger, context).await?;
    Ok(row)
}

/// Sets the level below which operations are told (BR-005).
pub async fn set_safety_stock(
    conn: &mut Connection,
    key: StockKey,
    safety_stock: i32,
) -> Result<(), InventoryError> {
    sql::ensure_stock_row(conn, key).await?;
    Ok(sql::set_safety_stock(conn, key, safety_stock).await?)
}
