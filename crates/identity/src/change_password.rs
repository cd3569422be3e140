//! Another password, for whoever knows the old one.

use jiff::Timestamp;
use kernel::id::SessionId;
use pg::{Connection, DbResult};

use crate::{EndReason, PasswordHash, Verified, model::User, proof::Purpose, sql};

/// Sets another password and ends every session but the one it is changed from. Links to reset it
/// are worth nothing from now on. `None` when the password was changed, or the person deactivated,
/// since the old one was checked; nothing was changed then. The hash was made before, outside the
/// transaction.
pub async fn change_password(
    conn: &mut Connection,
    who: &Verified,
    hash: &PasswordHash,
    kept: SessionId,
    now: Timestamp,
) -> DbResult<Option<User>> {
    let user = sql::profiles::lock_user_with(conn, who.user_id(), who.hash()).await?;
    let Some(user) = user else { return Ok(None) };
    sql::profiles::set_password(conn, user.id, hash, now).await?;
    sql::sessions::end_others(conn, user.id, kept, EndReason::PasswordChanged, now).await?;
    sql::proofs::delete(conn, user.id, Purpose::ResetPassword).await?;
    Ok(Some(user))
}
