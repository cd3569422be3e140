//! What can go wrong with a refund. Nothing was changed.

use kernel::Money;
use pg::DbError;
use thiserror::Error;

use super::model::InvalidRefundMove;
use crate::error::PaymentError;

/// An error of refunds.
#[derive(Debug, Error)]
pub enum RefundError {
    /// No such refund.
    #[error("there is no such refund")]
    NotFound,
    /// The machine has no such move.
    #[error(transparent)]
    InvalidMove(#[from] InvalidRefundMove),
    /// Somebody changed it meanwhile; its version now.
    #[error("the refund was changed meanwhile")]
    VersionConflict(i64),
    /// More than is left of what was paid, or nothing at all.
    #[error("{asked} cannot be given back: {left} of what was paid is left")]
    TooMuch {
        /// What was asked for.
        asked: Money,
        /// What may still be asked back.
        left: Money,
    },
    /// Another refund of the same payment is at the provider.
    #[error("another refund of this payment is being paid back")]
    Busy,
    /// The payment does not fit: it was not paid, or its machine refuses.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl pg::retry::AsDbError for RefundError {
    fn as_db_error(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) | Self::Payment(PaymentError::Db(error)) => Some(error),
            _ => None,
        }
    }
}
