//! What identity refuses.

use pg::DbError;
use thiserror::Error;

/// Why something about accounts could not be done.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// Somebody has registered with this e-mail.
    #[error("the e-mail is taken")]
    EmailTaken,
    /// So many passwords are being hashed that this one would wait too long.
    #[error("too many passwords are being checked right now")]
    Busy,
    /// A hash could not be made or read, or its thread died: a defect.
    #[error("the password could not be hashed: {0}")]
    Hashing(String),
    /// A token could not be signed: a defect.
    #[error("the access token could not be signed")]
    Signing(#[source] jsonwebtoken::errors::Error),
    /// The database failed.
    #[error(transparent)]
    Db(DbError),
}

impl From<DbError> for IdentityError {
    fn from(error: DbError) -> Self {
        match error.constraint() {
            Some("users_email_key") => Self::EmailTaken,
            _ => Self::Db(error),
        }
    }
}
