//! The sessions of a person, for their own eyes and hands.

use jiff::Timestamp;
use kernel::id::{SessionId, UserId};
use pg::{Connection, DbResult};

use crate::{Device, EndReason, sql};

/// The most sessions that are listed, the ones used last.
const LISTED: u32 = 100;

/// A sign-in that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// Where.
    pub device: Device,
}

/// Somebody's sessions, the one used last first.
pub async fn sessions(
    conn: &mut Connection,
    user: UserId,
    now: Timestamp,
) -> DbResult<Vec<Session>> {
    sql::sessions::list(conn, user, now, LISTED).await
}

/// Ends one of somebody's sessions. `false` when there is none of this id, it is over, or it is
/// somebody else's; nothing was changed then.
pub async fn end_own_session(
    conn: &mut Connection,
    user: UserId,
    session: SessionId,
    now: Timestamp,
) -> DbResult<bool> {
    sql::sessions::end_own(conn, user, session, EndReason::SignedOut, now).await
}

/// Ends all of somebody's sessions.
pub async fn end_sessions(
    conn: &mut Connection,
    user: UserId,
    reason: EndReason,
    now: Timestamp,
) -> DbResult<()> {
    sql::end_sessions_of(conn, user, reason, now).await
}
