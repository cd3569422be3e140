//! Revocations of access tokens.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{SessionId, UserId};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::query;
use tracing::instrument;

use crate::revocations::needed_until;

/// Whose tokens are refused.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// All of a session.
    Session(SessionId),
    /// A person's that were issued before.
    Person(UserId, Timestamp),
}

/// What a look found.
pub struct News {
    /// Each with the time until which it is needed.
    pub rows: Vec<(Target, Timestamp)>,
    /// Every transaction before this one was over.
    pub mark: u64,
}

#[instrument(name = "db.revocation.insert", skip_all, err)]
pub async fn insert_for_user(conn: &mut Connection, user: UserId, now: Timestamp) -> DbResult<()> {
    query!(
        "INSERT INTO identity.revocations (user_id, not_before, expires_at, created_at)
         VALUES ($1, $2, $3, $2)",
        user.as_uuid(),
        now.to_sqlx() as _,
        needed_until(now).to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("revoke tokens")
}

/// The rows of transaction `from` and of those after it. The mark is of the same snapshot as the
/// rows, and there even when there are none.
#[instrument(name = "db.revocation.since", skip_all, err)]
pub async fn since(conn: &mut Connection, from: u64, now: Timestamp) -> DbResult<News> {
    let rows = query!(
        r#"SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS "mark!",
             r.session_id AS "session_id?", r.user_id AS "user_id?",
             r.not_before AS "not_before?", r.expires_at AS "expires_at?"
         FROM (VALUES (1)) AS here (one)
         LEFT JOIN identity.revocations r ON r.tx >= $1::text::xid8 AND r.expires_at > $2"#,
        from.to_string(),
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    let mark = rows.first().map_or("", |row| &row.mark);
    let mark = mark.parse().map_err(|_| DbError::Corrupt {
        table: "identity.revocations",
        column: "tx",
        value: mark.to_owned(),
    })?;
    let found = rows.iter().filter_map(|row| {
        let until = row.expires_at?.to_jiff();
        let session = row.session_id.map(|id| Target::Session(id.into()));
        let person = || Some(Target::Person(row.user_id?.into(), row.not_before?.to_jiff()));
        Some((session.or_else(person)?, until))
    });
    Ok(News { rows: found.collect(), mark })
}

#[instrument(name = "db.revocation.purge", skip_all, err)]
pub async fn purge(conn: &mut Connection, before: Timestamp, limit: u32) -> DbResult<u64> {
    let purged = query!(
        "DELETE FROM identity.revocations
         WHERE id IN (
             SELECT id FROM identity.revocations WHERE expires_at < $1
             ORDER BY expires_at LIMIT $2
         )",
        before.to_sqlx() as _,
        i64::from(limit),
    )
    .execute(conn)
    .await?;
    Ok(purged.rows_affected())
}
