//! What can go wrong with a stocktake. Nothing was changed.

use kernel::id::VariantId;
use pg::{DbError, retry::AsDbError};
use thiserror::Error;
use uuid::Uuid;

use super::model::InvalidStocktakeMove;
use crate::model::StockError;

/// Rows that another stocktake holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which one.
    pub stocktake: Uuid,
    /// What people call it, if it is known.
    pub name: Option<String>,
    /// The variants it holds.
    pub variants: Vec<VariantId>,
}

/// A line of which fewer units were counted than orders were promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BelowPromised {
    /// The variant.
    pub variant: VariantId,
    /// What is there.
    pub counted: i32,
    /// Reserved and sold units.
    pub promised: i32,
}

/// An error of stocktakes.
#[derive(Debug, Error)]
pub enum StocktakeError {
    /// No such stocktake.
    #[error("there is no such stocktake")]
    NotFound,
    /// No such warehouse.
    #[error("there is no such warehouse")]
    WarehouseNotFound,
    /// There is no row to count.
    #[error("there is nothing to count")]
    NothingToCount,
    /// More rows than one stocktake takes ([`super::MAX_LINES`]): so many.
    #[error("one stocktake does not count {0} rows")]
    TooMany(usize),
    /// Other stocktakes hold some of the rows.
    #[error("another stocktake holds some of the stock")]
    Held(Vec<Held>),
    /// The machine has no such move.
    #[error(transparent)]
    InvalidMove(#[from] InvalidStocktakeMove),
    /// Somebody changed it meanwhile; its version now.
    #[error("the stocktake was changed meanwhile")]
    VersionConflict(i64),
    /// These are not among its lines.
    #[error("not a line of this stocktake")]
    NotInStocktake(Vec<VariantId>),
    /// Lines are not counted, or their counts disagree.
    #[error("the stocktake is not ready")]
    NotReady {
        /// Counted by too few people, and not skipped.
        missing: Vec<VariantId>,
        /// Counted differently, and not decided.
        disagreed: Vec<VariantId>,
    },
    /// Posting would take promised units.
    #[error("fewer units were counted than are promised")]
    BelowPromised(Vec<BelowPromised>),
    /// The counts of the line do not disagree.
    #[error("there is nothing to decide")]
    NothingToDecide,
    /// A movement breaks a rule: a defect.
    #[error(transparent)]
    Stock(#[from] StockError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl AsDbError for StocktakeError {
    fn as_db_error(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }
}
