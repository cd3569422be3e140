//! What can go wrong with a payment.

use kernel::Money;
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
    /// Its provider tells what comes; nobody confirms it by hand.
    #[error("what comes for this payment is not confirmed by hand")]
    NotByHand,
    /// Nothing, or more than has not come yet.
    #[error("{outstanding} are outstanding")]
    NotOutstanding {
        /// What has not come yet.
        outstanding: Money,
    },
    /// The key was used for another receipt.
    #[error("the idempotency key was used for another receipt")]
    KeyReused,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}
