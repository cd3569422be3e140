//! Showing that one reads the mail of one's address.

use jiff::Timestamp;
use kernel::{Ids, id::UserId};
use pg::{Connection, DbResult};

use crate::{
    model::User,
    proof::{self, ProofToken, Purpose},
    sql,
};

/// Marks the e-mail of whoever was sent this token as verified, and uses up the others they were
/// sent. `None` when the token is not good; nothing was changed then. The person's row stays
/// locked.
pub async fn verify_email(
    conn: &mut Connection,
    token: &ProofToken,
    now: Timestamp,
) -> DbResult<Option<User>> {
    let Some(user) = proof::redeem(conn, token, Purpose::VerifyEmail, now).await? else {
        return Ok(None);
    };
    sql::profiles::mark_verified(conn, user.id, now).await?;
    sql::proofs::delete(conn, user.id, Purpose::VerifyEmail).await?;
    Ok(Some(User { email_verified: true, ..user }))
}

/// What became of asking for the mail once more.
#[derive(Debug)]
pub enum Resend {
    /// There is a new token to send.
    Token(Box<User>, ProofToken),
    /// The e-mail is verified: there is nothing to send.
    Verified,
    /// The account is not active.
    Inactive,
}

/// Makes another token for somebody signed in; those sent before stay good.
pub async fn resend_verification(
    conn: &mut Connection,
    user: UserId,
    ids: &Ids,
    now: Timestamp,
) -> DbResult<Resend> {
    let Some(user) = sql::profiles::lock_user(conn, user).await? else {
        return Ok(Resend::Inactive);
    };
    if user.email_verified {
        return Ok(Resend::Verified);
    }
    let token = proof::issue(conn, Some(user.id), Purpose::VerifyEmail, ids, now).await?;
    Ok(Resend::Token(Box::new(user), token))
}
