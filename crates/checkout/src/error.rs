//! What can go wrong in a flow. Nothing was written.

use inventory::InventoryError;
use orders::{InvalidTransition, OrderError};
use payments::{
    MethodRefusal, PaymentError, ProviderError, refunds::RefundError, tasks::TaskError,
};
use pg::{DbError, retry::AsDbError};
use thiserror::Error;

use crate::{after_sale::AfterSaleError, refunds::TooManyUnits};

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
    /// The order cannot be paid by this method.
    #[error("the payment method {0}")]
    Method(MethodRefusal),
    /// The key was used for another payment request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// An order may be tried to be paid so many times, and no more.
    #[error("there were {most} attempts to pay this order, which is the most")]
    AttemptsUsedUp {
        /// How many there may be.
        most: usize,
    },
    /// The provider could not be told, or did not answer.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// None of the money that came for the order is kept.
    #[error("no money of this order is kept")]
    NothingPaid,
    /// Buyers get all of their money back, or return goods.
    #[error("before it is shipped, an order is refunded as a whole")]
    OnlyWhole,
    /// More units than can be given back.
    #[error(transparent)]
    TooManyUnits(#[from] TooManyUnits),
    /// Where the transfer goes was told before, and it may be on its way.
    #[error("the account is known already")]
    AccountTaken,
    /// The refund refuses.
    #[error(transparent)]
    Refund(RefundError),
    /// No such task.
    #[error("there is no such task")]
    TaskNotFound,
    /// Somebody changed the task meanwhile; its version now.
    #[error("the task was changed meanwhile")]
    TaskChanged(i64),
    /// What is asked cannot be done about this task.
    #[error("this cannot be done about this task")]
    TaskDoesNotFit,
    /// The provider does not say that it was paid.
    #[error("the provider does not say that it was paid")]
    NotPaidThere,
    /// The task refuses.
    #[error(transparent)]
    Task(TaskError),
    /// What comes after the sale is not possible.
    #[error(transparent)]
    AfterSale(#[from] AfterSaleError),
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
            Self::Refund(error) => error.as_db_error(),
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

impl From<RefundError> for CheckoutError {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::Db(error) => Self::Db(error),
            RefundError::Payment(error) => error.into(),
            other => Self::Refund(other),
        }
    }
}

impl From<TaskError> for CheckoutError {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Db(error) => Self::Db(error),
            other => Self::Task(other),
        }
    }
}
