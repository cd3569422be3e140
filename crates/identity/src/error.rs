//! What identity refuses.

use pg::DbError;
use thiserror::Error;

use crate::TooMany;

/// Why something about accounts could not be done.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// So many passwords are being hashed that this one would wait too long.
    #[error("too many passwords are being checked right now")]
    Busy,
    /// The account keeps as many addresses as it may.
    #[error("an account keeps at most {} addresses", crate::MOST_ADDRESSES)]
    TooManyAddresses,
    /// Nobody else could run the shop.
    #[error("the last administrator cannot leave")]
    LastAdmin,
    /// Nobody active has this id, or their password changed since it was checked.
    #[error("there is no such person any more")]
    NoSuchUser,
    /// A second factor is on already.
    #[error("a second factor is on already")]
    SecondFactorOn,
    /// There is no second factor to do this with.
    #[error("there is no second factor")]
    SecondFactorOff,
    /// Too many codes or passwords were wrong.
    #[error("too many attempts have failed")]
    TooManyAttempts(TooMany),
    /// The person has as many API keys as they may.
    #[error("a person has at most {} API keys", crate::MOST_API_KEYS)]
    TooManyApiKeys,
    /// The secret of a second factor could not be sealed, opened or shown: a defect.
    #[error("second factor: {0}")]
    SecondFactor(String),
    /// There is no key to sign access tokens with: a defect.
    #[error("there is no key to sign access tokens with")]
    NoSigningKey,
    /// A hash could not be made or read, or its thread died: a defect.
    #[error("the password could not be hashed: {0}")]
    Hashing(String),
    /// A token could not be signed: a defect.
    #[error("the access token could not be signed")]
    Signing(#[source] jsonwebtoken::errors::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}
