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
pub struct Verified(pub(crate) UserId);

impl Verified {
    /// Who it is.
    pub const fn user_id(&self) -> UserId {
        self.0
    }
}

/// Looks up an e-mail.
pub async fn credentials(conn: &mut Connection, email: &Email) -> DbResult<Credentials> {
    Ok(Credentials(sql::credentials(conn, email).await?))
}
