//! What can go wrong with a transfer. Nothing was changed.

use kernel::id::{VariantId, WarehouseId};
use pg::DbError;
use thiserror::Error;

use super::model::{Excess, InvalidTransferMove};
use crate::{model::StockError, reserve::Shortage};

/// An error of transfers.
#[derive(Debug, Error)]
pub enum TransferError {
    /// No such transfer.
    #[error("there is no such transfer")]
    NotFound,
    /// No such warehouse, or goods were to go to one that is closed.
    #[error("there is no such warehouse, or it is closed")]
    WarehouseNotFound(WarehouseId),
    /// The machine has no such move.
    #[error(transparent)]
    InvalidMove(#[from] InvalidTransferMove),
    /// Somebody changed it meanwhile; its version now.
    #[error("the transfer was changed meanwhile")]
    VersionConflict(i64),
    /// Less is available than is to be sent.
    #[error("not enough units to send")]
    Shortage(Vec<Shortage>),
    /// A stocktake holds the rows of these (BR-007).
    #[error("the stock is being counted")]
    Frozen(Vec<VariantId>),
    /// More arrived than is on the way.
    #[error("more units than are on the way")]
    Excess(Vec<Excess>),
    /// A movement breaks a rule.
    #[error(transparent)]
    Stock(#[from] StockError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}
