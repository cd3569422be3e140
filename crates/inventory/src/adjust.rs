//! Setting the books right by hand (盤點調整).

use pg::{Connection, DbError};
use thiserror::Error;

use crate::{
    InventoryError, SaveContext,
    ledger::Cause,
    model::{StockError, StockKey, StockRow},
    sql,
};

/// Why nothing was adjusted.
#[derive(Debug, Error)]
pub enum AdjustError {
    /// The row has changed since it was looked at: it has this version now.
    #[error("the stock has changed: its version is {0}")]
    VersionConflict(i64),
    /// The stock refused.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

impl From<DbError> for AdjustError {
    fn from(error: DbError) -> Self {
        Self::Inventory(error.into())
    }
}

impl From<StockError> for AdjustError {
    fn from(error: StockError) -> Self {
        Self::Inventory(error.into())
    }
}

/// Adds `by` units to what is available, or takes them away, of a row that has the version `seen`;
/// answers with the row as it is then. Also in a closed warehouse: its books have to be right, too.
///
/// # Panics
/// When `by` is zero.
pub async fn adjust(
    conn: &mut Connection,
    key: StockKey,
    by: i32,
    seen: i64,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<StockRow, AdjustError> {
    let mut ledger = crate::lock(conn, &[key.variant]).await?;
    let version = ledger.row(key).ok_or(StockError::NoSuchRow)?.version;
    if version != seen {
        return Err(AdjustError::VersionConflict(version));
    }
    ledger.adjust(key, by, cause)?;
    crate::backorders::fill(conn, &mut ledger, context).await?;
    let row = *ledger.row(key).ok_or(StockError::NoSuchRow)?;
    sql::save(conn, ledger, context).await?;
    Ok(row)
}
