//! What can go wrong with a payment.

use pg::DbError;
use thiserror::Error;

use crate::model::InvalidPaymentMove;

/// An error of this module.
#[derive(Debug, Error)]
pub enum PaymentError {
    /// No such attempt.
    #[error("there is no such payment")]
    NotFound,
    /// The machine has no such move.
    #[error(transparent)]
    InvalidMove(#[from] InvalidPaymentMove),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}
