//! Leaving the shop.

use jiff::Timestamp;
use pg::Connection;

use crate::{
    EndReason, IdentityError, PasswordHash, Verified, model::User, password::NOBODYS_HASH,
    proof::Purpose, sql,
};

/// Closes the account of whoever has just given its password: the sessions end, and the row stays
/// without anything that says who it was, because orders name its id. The e-mail is free for a new
/// account. Returns who it was; `None` when the password was changed, or the person deactivated,
/// since it was checked. The last administrator has to stay.
pub async fn close_account(
    conn: &mut Connection,
    who: &Verified,
    now: Timestamp,
) -> Result<Option<User>, IdentityError> {
    // Before the row, as when the first administrator is made: two last ones take turns.
    sql::lock_admin_setup(conn).await?;
    let user = sql::profiles::lock_user_with(conn, who.user_id(), who.hash()).await?;
    let Some(user) = user else { return Ok(None) };
    if user.is_admin() && !sql::closing::other_admin_exists(conn, user.id).await? {
        return Err(IdentityError::LastAdmin);
    }
    sql::end_sessions_of(conn, user.id, EndReason::AccountClosed, now).await?;
    sql::closing::forget_devices(conn, user.id).await?;
    for purpose in Purpose::ALL {
        sql::proofs::delete(conn, user.id, purpose).await?;
    }
    sql::closing::delete_addresses(conn, user.id).await?;
    sql::closing::delete_second_factor(conn, user.id).await?;
    sql::closing::revoke_api_keys(conn, user.id, now).await?;
    let nobodys = PasswordHash(NOBODYS_HASH.to_owned());
    sql::closing::anonymise(conn, user.id, &nobodys, now).await?;
    Ok(Some(user))
}
