//! API keys.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{ApiKeyId, UserId};
use pg::{Affected as _, Connection, DbResult};
use sqlx::{query, query_scalar};
use tracing::instrument;

use crate::api_keys::{ApiKeyInfo, KnownKey};

/// Whether the person is there and active; their row is locked then.
#[instrument(name = "db.user.lock_for_keys", skip_all, err)]
pub async fn lock_owner(conn: &mut Connection, owner: UserId) -> DbResult<bool> {
    let row = query!(
        "SELECT id FROM identity.users WHERE id = $1 AND active FOR NO KEY UPDATE",
        owner.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

#[instrument(name = "db.api_key.count", skip_all, err)]
pub async fn count_live(conn: &mut Connection, owner: UserId, now: Timestamp) -> DbResult<i64> {
    let count = query_scalar!(
        r#"SELECT count(*) AS "count!" FROM identity.api_keys
         WHERE user_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"#,
        owner.as_uuid(),
        now.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}

#[instrument(name = "db.api_key.insert", skip_all, err)]
pub async fn insert(
    conn: &mut Connection,
    owner: UserId,
    key: &ApiKeyInfo,
    digest: &[u8; 32],
) -> DbResult<()> {
    query!(
        "INSERT INTO identity.api_keys (id, user_id, name, digest, scopes, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        key.id.as_uuid(),
        owner.as_uuid(),
        key.name,
        &digest[..],
        &key.scopes,
        key.created_at.to_sqlx() as _,
        key.expires_at.map(Timestamp::to_sqlx) as _,
    )
    .execute(conn)
    .await?
    .one_row("insert an API key")
}

#[instrument(name = "db.api_key.list", skip_all, err)]
pub async fn list(conn: &mut Connection, owner: UserId) -> DbResult<Vec<ApiKeyInfo>> {
    let rows = query!(
        "SELECT id, name, scopes, created_at, expires_at, last_used_at FROM identity.api_keys
         WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id DESC",
        owner.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ApiKeyInfo {
            id: row.id.into(),
            name: row.name,
            scopes: row.scopes,
            created_at: row.created_at.to_jiff(),
            expires_at: row.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
            last_used_at: row.last_used_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
        .collect())
}

#[instrument(name = "db.api_key.revoke", skip_all, err)]
pub async fn revoke(
    conn: &mut Connection,
    owner: UserId,
    id: ApiKeyId,
    now: Timestamp,
) -> DbResult<bool> {
    let revoked = query!(
        "UPDATE identity.api_keys SET revoked_at = $3
         WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
        id.as_uuid(),
        owner.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// A key that is neither revoked nor over.
#[instrument(name = "db.api_key.find", skip_all, err)]
pub async fn find(
    conn: &mut Connection,
    digest: &[u8; 32],
    now: Timestamp,
) -> DbResult<Option<KnownKey>> {
    let row = query!(
        "SELECT id, user_id, scopes, expires_at, last_used_at FROM identity.api_keys
         WHERE digest = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        &digest[..],
        now.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| KnownKey {
        id: row.id.into(),
        user_id: row.user_id.into(),
        scopes: row.scopes,
        expires_at: row.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
        last_used_at: row.last_used_at.map(jiff_sqlx::Timestamp::to_jiff),
    }))
}

/// Never backwards, whichever node is quicker.
#[instrument(name = "db.api_key.note_use", skip_all, err)]
pub async fn note_use(conn: &mut Connection, id: ApiKeyId, now: Timestamp) -> DbResult<()> {
    query!(
        "UPDATE identity.api_keys SET last_used_at = $2
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
        id.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}
