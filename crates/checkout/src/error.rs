//! What can go wrong in a flow. Nothing was written.

use inventory::InventoryError;
use orders::{InvalidTransition, OrderError};
use payments::PaymentError;
use pg::{DbError, retry::AsDbError};
use thiserror::Error;

/// An error of a flow.
#[derive(Debug, Error)]
pub enum CheckoutError {
    /// No such order.
    #[error("there is no such order")]
    OrderNotFound,
    /// The order is not where this can be done.
    #[error(transparent)]
    InvalidTransition(InvalidTransition),
    /// The time to pay is over.
    #[error("the time to pay is over")]
    ReservationOver,
    /// The key was used for another payment request.
    #[error("the payment cannot be described to the provider")]
    Form(#[from] ecpay::CheckoutError),
    /// A defect, or the database.
    #[error(transparent)]
    Inventory(InventoryError),
    /// A defect, or the database.
    #[error(transparent)]
    Payment(PaymentError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl AsDbError for CheckoutError {
    fn as_db_error(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }
}

impl From<OrderError> for CheckoutError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::NotFound => Self::OrderNotFound,
            OrderError::InvalidTransition(invalid) => Self::InvalidTransition(invalid),
            OrderError::Db(error) => Self::Db(error),
        }
    }
}

impl From<InventoryError> for CheckoutError {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Db(error) => Self::Db(error),
            other => Self::Inventory(other),
        }
    }
}

impl From<PaymentError> for CheckoutError {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Db(error) => Self::Db(error),
            other => Self::Payment(other),
        }
    }
}
