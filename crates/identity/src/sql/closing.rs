//! Statements that leave nothing of somebody behind.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::UserId;
use pg::{Affected as _, Connection, DbResult};
use sqlx::{query, query_scalar};
use tracing::instrument;

use crate::password::PasswordHash;

/// Whether somebody else could still run the shop. The setup's lock is held.
#[instrument(name = "db.user.other_admin_exists", skip_all, err)]
pub async fn other_admin_exists(conn: &mut Connection, but: UserId) -> DbResult<bool> {
    let exists = query_scalar!(
        r#"SELECT EXISTS (
             SELECT FROM identity.users WHERE 'admin' = ANY (roles) AND active AND id <> $1
         ) AS "exists!""#,
        but.as_uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(exists)
}

/// The row stays, for the ids that name it; who it was does not. The row is locked.
#[instrument(name = "db.user.anonymise", skip_all, err)]
pub async fn anonymise(
    conn: &mut Connection,
    id: UserId,
    nobodys: &PasswordHash,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE identity.users
         SET email = 'closed-' || id || '@invalid', name = '', phone = NULL, password_hash = $2,
             roles = '{}', active = false, email_verified_at = NULL, closed_at = $3,
             updated_at = $3
         WHERE id = $1 AND active",
        id.as_uuid(),
        nobodys.0,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("close an account")
}

#[instrument(name = "db.address.delete_all", skip_all, err)]
pub async fn delete_addresses(conn: &mut Connection, user: UserId) -> DbResult<()> {
    query!("DELETE FROM identity.addresses WHERE user_id = $1", user.as_uuid())
        .execute(conn)
        .await?;
    Ok(())
}

/// Where the sessions, which are over, were used.
#[instrument(name = "db.session.forget_devices", skip_all, err)]
pub async fn forget_devices(conn: &mut Connection, user: UserId) -> DbResult<()> {
    query!(
        "UPDATE identity.sessions SET user_agent = NULL, ip = NULL
         WHERE id IN (
             SELECT id FROM identity.sessions
             WHERE user_id = $1 AND (user_agent IS NOT NULL OR ip IS NOT NULL)
             ORDER BY id FOR UPDATE
         )",
        user.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.second_factor.delete_all", skip_all, err)]
pub async fn delete_second_factor(conn: &mut Connection, user: UserId) -> DbResult<()> {
    query!("DELETE FROM identity.second_factors WHERE user_id = $1", user.as_uuid())
        .execute(conn)
        .await?;
    Ok(())
}

#[instrument(name = "db.api_key.revoke_all", skip_all, err)]
pub async fn revoke_api_keys(conn: &mut Connection, user: UserId, now: Timestamp) -> DbResult<()> {
    query!(
        "UPDATE identity.api_keys SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
        user.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}
