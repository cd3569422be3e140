//! What can go wrong with stock.

use pg::DbError;
use thiserror::Error;

use crate::model::StockError;

/// An error of this module.
#[derive(Debug, Error)]
pub enum InventoryError {
    /// The warehouse does not exist or is closed.
    #[error("there is no such warehouse")]
    WarehouseNotFound,
    /// The movement breaks a rule; nothing was changed.
    #[error(transparent)]
    Stock(#[from] StockError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}
