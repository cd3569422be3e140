//! What can go wrong with an order.

use pg::DbError;
use thiserror::Error;

use crate::model::InvalidTransition;

/// An error of this module.
#[derive(Debug, Error)]
pub enum OrderError {
    /// No such order.
    #[error("there is no such order")]
    NotFound,
    /// The machine has no such move.
    #[error(transparent)]
    InvalidTransition(#[from] InvalidTransition),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl pg::retry::AsDbError for OrderError {
    fn as_db_error(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            Self::NotFound | Self::InvalidTransition(_) => None,
        }
    }
}
