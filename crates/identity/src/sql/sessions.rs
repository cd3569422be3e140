//! Statements on `identity.sessions` for the person whose they are.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{SessionId, UserId};
use pg::{Connection, DbError, DbResult};
use sqlx::query;
use tracing::instrument;

use crate::{Device, EndReason, sessions::Session};

/// Those that are not over, the one used last first.
#[instrument(name = "db.session.list", skip_all, err)]
pub async fn list(
    conn: &mut Connection,
    user: UserId,
    now: Timestamp,
    limit: u32,
) -> DbResult<Vec<Session>> {
    let rows = query!(
        "SELECT id, created_at, last_used_at, user_agent, host(ip) AS ip
         FROM identity.sessions
         WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
         ORDER BY last_used_at DESC, id DESC LIMIT $3",
        user.as_uuid(),
        now.to_sqlx() as _,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let ip = row.ip.map(|text| {
                text.parse().map_err(|_| DbError::Corrupt {
                    table: "identity.sessions",
                    column: "ip",
                    value: text,
                })
            });
            Ok(Session {
                id: row.id.into(),
                created_at: row.created_at.to_jiff(),
                last_used_at: row.last_used_at.to_jiff(),
                device: Device::new(row.user_agent.as_deref(), ip.transpose()?),
            })
        })
        .collect()
}

/// Whether it was theirs and not over.
#[instrument(name = "db.session.end_own", skip_all, err)]
pub async fn end_own(
    conn: &mut Connection,
    user: UserId,
    id: SessionId,
    reason: EndReason,
    now: Timestamp,
) -> DbResult<bool> {
    let ended = query!(
        "UPDATE identity.sessions SET ended_at = $3, ended_because = $4
         WHERE id = $2 AND user_id = $1 AND ended_at IS NULL AND expires_at > $3",
        user.as_uuid(),
        id.as_uuid(),
        now.to_sqlx() as _,
        reason.word(),
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends all of somebody's sessions but one.
#[instrument(name = "db.session.end_others", skip_all, err)]
pub async fn end_others(
    conn: &mut Connection,
    user: UserId,
    kept: SessionId,
    reason: EndReason,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE identity.sessions SET ended_at = $3, ended_because = $4
         WHERE id IN (
             SELECT id FROM identity.sessions
             WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL
             ORDER BY id FOR UPDATE
         )",
        user.as_uuid(),
        kept.as_uuid(),
        now.to_sqlx() as _,
        reason.word(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
