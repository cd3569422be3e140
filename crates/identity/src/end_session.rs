//! Signing out, and what is left of sessions.

use jiff::Timestamp;
use kernel::id::SessionId;
use pg::{Connection, DbResult};

use crate::{RefreshToken, sql};

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Its owner signed out.
    SignedOut,
    /// A refresh token came back after its use.
    TokenReused,
    /// The password was set anew.
    PasswordChanged,
    /// Its owner closed the account.
    AccountClosed,
    /// An administrator changed what the person may do.
    RightsChanged,
    /// An administrator signed the person out.
    ByAdministrator,
    /// A second factor was turned on, and this sign-in had given none.
    SecondFactorChanged,
}

impl EndReason {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::TokenReused => "token_reused",
            Self::PasswordChanged => "password_changed",
            Self::AccountClosed => "account_closed",
            Self::RightsChanged => "rights_changed",
            Self::ByAdministrator => "by_administrator",
            Self::SecondFactorChanged => "second_factor_changed",
        }
    }
}

/// Ends a session: its refresh tokens are worth nothing from now on, and its access tokens are on the
/// denylist ([`Revocations`](crate::Revocations)). One that is over stays as it is.
pub async fn end_session(
    conn: &mut Connection,
    session: SessionId,
    reason: EndReason,
    now: Timestamp,
) -> DbResult<()> {
    sql::end_session(conn, session, reason, now).await
}

/// Ends the session that a refresh token belongs to, used or not; an unknown one ends nothing.
pub async fn end_session_of(
    conn: &mut Connection,
    token: &RefreshToken,
    reason: EndReason,
    now: Timestamp,
) -> DbResult<()> {
    match sql::session_of(conn, token).await? {
        Some(session) => sql::end_session(conn, session, reason, now).await,
        None => Ok(()),
    }
}

/// Forgets up to `limit` sessions that were over before `before`, with their tokens. Returns how
/// many.
pub async fn purge_sessions(conn: &mut Connection, before: Timestamp, limit: u32) -> DbResult<u64> {
    sql::purge_sessions(conn, before, limit).await
}
