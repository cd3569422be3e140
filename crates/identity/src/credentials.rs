//! Signing in, first step: what the typed password will be compared with.

use kernel::id::UserId;
use pg::{Connection, DbResult};

use crate::{model::Email, password::PasswordHash, sql};

/// What is known about an e-mail; whether anything is, cannot be seen from outside.
#[derive(Clone, Debug)]
pub struct Credentials(pub(crate) Option<Known>);

#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub user_id: UserId,
    pub hash: PasswordHash,
    pub active: bool,
}

impl Credentials {
    /// Those of nobody: for input that is not even an e-mail address. Checking a password against
    /// them takes as long as against anybody's.
    pub const fn unknown() -> Self {
        Self(None)
    }
}

/// Somebody who has just proved to know their password. Only [`Passwords`](crate::Passwords) makes
/// one.
#[derive(Debug)]
pub struct Verified {
    user_id: UserId,
    /// What the password was compared with: whoever acts on the proof later sees to it that the
    /// password has not been changed since.
    hash: PasswordHash,
}

impl Verified {
    pub(crate) fn new(known: Known) -> Self {
        Self { user_id: known.user_id, hash: known.hash }
    }

    /// Who it is.
    pub const fn user_id(&self) -> UserId {
        self.user_id
    }

    pub(crate) const fn hash(&self) -> &PasswordHash {
        &self.hash
    }
}

/// Looks up an e-mail.
pub async fn credentials(conn: &mut Connection, email: &Email) -> DbResult<Credentials> {
    Ok(Credentials(sql::credentials(conn, email).await?))
}

/// Those of somebody signed in, who is to give the password once more.
pub async fn credentials_of(conn: &mut Connection, user: UserId) -> DbResult<Credentials> {
    Ok(Credentials(sql::profiles::credentials_of(conn, user).await?))
}
