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
    // Who waits comes first: the answer is what is left.
    crate::backorders::fill(conn, &mut ledger, context).await?;
    let row = *ledger.row(key).ok_or(crate::model::StockError::NoSuchRow)?;
    sql::save(conn, ledger, context).await?;
    Ok(row)
}

/// Sets the level below which operations are told (BR-005), also of a closed warehouse, and answers
/// with the level before and the row as it is then. The caller has made sure that the variant exists.
///
/// # Panics
/// When `level` is negative.
pub async fn set_safety_stock(
    conn: &mut Connection,
    key: StockKey,
    level: i32,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(i32, StockRow), InventoryError> {
    sql::ensure_stock_row(conn, key).await?;
    let mut ledger = crate::lock(conn, &[key.variant]).await?;
    let before = ledger.row(key).ok_or(crate::model::StockError::NoSuchRow)?.safety_stock;
    ledger.set_safety_stock(key, level, cause)?;
    let row = *ledger.row(key).ok_or(crate::model::StockError::NoSuchRow)?;
    sql::save(conn, ledger, context).await?;
    Ok((before, row))
}
