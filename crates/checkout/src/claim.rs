//! What somebody bought as a guest becomes their account's, once they have shown that they read the
//! mail of the address they gave. Both ways of showing it end here.

use identity::{PasswordHash, ProofToken, User};
use jiff::Timestamp;
use pg::{Connection, DbResult};

/// Verifies an e-mail by the token it was sent, and claims its guest orders. `None` when the token
/// is not good; nothing was changed then. Call it within a transaction.
pub async fn verify_email(
    conn: &mut Connection,
    token: &ProofToken,
    now: Timestamp,
) -> DbResult<Option<User>> {
    let verified = identity::verify_email(conn, token, now).await?;
    claim(conn, verified).await
}

/// The same for a token that sets a new password.
pub async fn reset_password(
    conn: &mut Connection,
    token: &ProofToken,
    hash: &PasswordHash,
    now: Timestamp,
) -> DbResult<Option<User>> {
    let verified = identity::reset_password(conn, token, hash, now).await?;
    claim(conn, verified).await
}

/// The person's row is locked, the orders' come after it.
async fn claim(conn: &mut Connection, verified: Option<User>) -> DbResult<Option<User>> {
    if let Some(user) = &verified {
        let claimed = orders::claim(conn, user.email.as_str(), user.id).await?;
        if claimed > 0 {
            tracing::info!(user.id = %user.id, orders = claimed, "{claimed} guest orders claimed");
        }
    }
    Ok(verified)
}
