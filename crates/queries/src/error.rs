//! What a list refuses.

use kernel::CursorError;
use pg::DbError;
use thiserror::Error;

/// Why there is no list.
#[derive(Debug, Error)]
pub enum ListError {
    /// The cursor is not one of this list in this order.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}
