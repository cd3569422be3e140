//! What a cart refuses.

use pg::DbError;
use thiserror::Error;

/// Why a cart was not changed.
#[derive(Debug, Error)]
pub enum CartError {
    /// The cart is gone: merged, or never there.
    #[error("there is no such cart")]
    CartNotFound,
    /// The line is not in this cart.
    #[error("there is no such line in the cart")]
    ItemNotFound,
    /// The line would hold more than [`LINE_MAX`](crate::LINE_MAX) units.
    #[error("a line holds at most {} units", crate::LINE_MAX)]
    LineFull,
    /// The cart holds [`LINES_MAX`](crate::LINES_MAX) lines already.
    #[error("a cart holds at most {} lines", crate::LINES_MAX)]
    CartFull,
    /// The database failed.
    #[error(transparent)]
    Db(DbError),
}

impl From<DbError> for CartError {
    fn from(error: DbError) -> Self {
        match error.constraint() {
            Some("items_quantity_check") => Self::LineFull,
            // The cart's row went away between finding it and writing to it.
            Some("items_cart_id_fkey") => Self::CartNotFound,
            _ => Self::Db(error),
        }
    }
}
