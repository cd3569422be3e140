//! Signing in, last step: a session for somebody who knew their password.

use jiff::{SignedDuration, Timestamp};
use kernel::{Clock, Ids, id::SessionId, later};
use pg::Connection;

use crate::{Admitted, Device, IdentityError, RefreshToken, model::User, sql};

/// How long a session lives without being used.
pub(crate) const IDLE: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(crate) fn expiry(now: Timestamp) -> Timestamp {
    later(now, IDLE)
}

/// Somebody with a live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// Which sign-in.
    pub session_id: SessionId,
    /// For the next [`refresh`](crate::refresh()).
    pub refresh_token: RefreshToken,
    /// When the session ends if nobody uses it.
    pub expires_at: Timestamp,
    /// Whether the sign-in gave a second factor.
    pub second_factor: bool,
}

/// Starts a session; `None` when the person was deactivated, or the password changed, since the
/// password was checked, and when a second factor is on that was not given.
pub async fn start_session(
    conn: &mut Connection,
    who: impl Into<Admitted>,
    device: &Device,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<Option<SignedIn>, IdentityError> {
    let now = clock.now();
    let Admitted { who, second_factor } = who.into();
    let Some(user) = sql::lock_active_user(conn, who.user_id(), who.hash()).await? else {
        return Ok(None);
    };
    if !second_factor && sql::second_factor::state(conn, user.id).await?.enabled {
        return Ok(None);
    }
    let session_id = ids.next(clock);
    let refresh_token = RefreshToken::new(ids);
    let expires_at = expiry(now);
    sql::insert_session(conn, session_id, user.id, now, expires_at, device).await?;
    if second_factor {
        sql::second_factor::mark_session(conn, session_id).await?;
    }
    sql::insert_refresh_token(conn, &refresh_token, session_id, now).await?;
    Ok(Some(SignedIn { user, session_id, refresh_token, expires_at, second_factor }))
}
