//! A forgotten password: a token by mail, and a new password for the token.

use jiff::Timestamp;
use kernel::Ids;
use pg::{Connection, DbResult};

use crate::{
    EndReason, PasswordHash, PhoneChange, ProfileChange,
    model::{Email, User},
    proof::{self, ProofToken, Purpose},
    sql,
};

/// A token for whoever has this e-mail; `None` when nobody has.
///
/// Equal for both: one look-up, one row written (nobody's proves nothing), and, by the caller, one
/// commit that reaches the disk. Not equal: the row of the job that sends the mail, in the same
/// commit, which is lost in what a commit varies by anyhow. The mail itself leaves later.
pub async fn forgot_password(
    conn: &mut Connection,
    email: &Email,
    ids: &Ids,
    now: Timestamp,
) -> DbResult<Option<(User, ProofToken)>> {
    let user = sql::profiles::by_email(conn, email).await?;
    let holder = user.as_ref().map(|user| user.id);
    let token = proof::issue(conn, holder, Purpose::ResetPassword, ids, now).await?;
    Ok(user.map(|user| (user, token)))
}

/// Who could set a new password with this token, which stays good: so that no password is hashed
/// for a token that is not.
pub async fn reset_candidate(
    conn: &mut Connection,
    token: &ProofToken,
    now: Timestamp,
) -> DbResult<Option<User>> {
    match proof::holder(conn, token, Purpose::ResetPassword, now).await? {
        Some(user) => sql::active_user(conn, user).await,
        None => Ok(None),
    }
}

/// Sets a new password for a token, which is used up with all others of its kind, and ends every
/// session. Whoever has the token reads the mail, so the e-mail is verified. `None` when the token
/// is not good; nothing was changed then. The hash was made before, outside the transaction.
///
/// An account whose e-mail was not verified until now may have been opened by somebody else, in
/// the hope that its owner comes one day. What such a person could come back with, or have the
/// owner's goods sent to, goes: the second factor, API keys, addresses and the telephone.
pub async fn reset_password(
    conn: &mut Connection,
    token: &ProofToken,
    hash: &PasswordHash,
    now: Timestamp,
) -> DbResult<Option<User>> {
    let Some(user) = proof::redeem(conn, token, Purpose::ResetPassword, now).await? else {
        return Ok(None);
    };
    sql::profiles::set_password(conn, user.id, hash, now).await?;
    sql::end_sessions_of(conn, user.id, EndReason::PasswordChanged, now).await?;
    for purpose in Purpose::ALL {
        sql::proofs::delete(conn, user.id, purpose).await?;
    }
    if user.email_verified {
        return Ok(Some(user));
    }
    sql::profiles::mark_verified(conn, user.id, now).await?;
    sql::closing::delete_second_factor(conn, user.id).await?;
    sql::closing::revoke_api_keys(conn, user.id, now).await?;
    sql::closing::delete_addresses(conn, user.id).await?;
    let no_phone = ProfileChange { name: None, phone: PhoneChange::Remove };
    sql::profiles::change(conn, user.id, &no_phone, now).await?;
    Ok(Some(User { email_verified: true, phone: None, ..user }))
}
