//! Every SQL statement of access.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::UserId;
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_scalar};
use tracing::instrument;

use crate::{Decided, PolicyFile, Version};

/// Saving and activating take turns; the lock goes with the transaction.
#[instrument(name = "db.policy.lock", skip_all, err)]
pub async fn lock_versions(conn: &mut Connection) -> DbResult<()> {
    query!("SELECT pg_advisory_xact_lock(hashtextextended('access.versions', 0))")
        .execute(conn)
        .await?;
    Ok(())
}

#[instrument(name = "db.policy.last_version", skip_all, err)]
pub async fn last_version(conn: &mut Connection) -> DbResult<i32> {
    let last =
        query_scalar!(r#"SELECT coalesce(max(version), 0) AS "last!" FROM access.policy_sets"#)
            .fetch_one(conn)
            .await?;
    Ok(last)
}

#[instrument(name = "db.policy.insert", skip_all, err)]
pub async fn insert_version(
    conn: &mut Connection,
    version: i32,
    files: &[PolicyFile],
    comment: &str,
    author: UserId,
    now: Timestamp,
) -> DbResult<()> {
    let files = serde_json::to_value(files).unwrap_or_default();
    query!(
        "INSERT INTO access.policy_sets (version, files, comment, author, created_at)
         VALUES ($1, $2, $3, $4, $5)",
        version,
        files,
        comment,
        author.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("save policies")
}

#[instrument(name = "db.policy.files", skip_all, err)]
pub async fn files(conn: &mut Connection, version: i32) -> DbResult<Option<Vec<PolicyFile>>> {
    let files = query_scalar!("SELECT files FROM access.policy_sets WHERE version = $1", version)
        .fetch_optional(conn)
        .await?;
    let read = |value: serde_json::Value| {
        serde_json::from_value(value).map_err(|error| DbError::Corrupt {
            table: "access.policy_sets",
            column: "files",
            value: error.to_string(),
        })
    };
    files.map(read).transpose()
}

#[instrument(name = "db.policy.versions", skip_all, err)]
pub async fn versions(conn: &mut Connection) -> DbResult<Vec<Version>> {
    let rows = query!(
        "SELECT version, comment, author, created_at FROM access.policy_sets
         ORDER BY version DESC LIMIT 1000"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Version {
            version: row.version,
            comment: row.comment,
            author: Some(row.author.into()),
            created_at: Some(row.created_at.to_jiff()),
            active: false,
        })
        .collect())
}

#[instrument(name = "db.policy.active", skip_all, err)]
pub async fn active_version(conn: &mut Connection) -> DbResult<Option<i32>> {
    Ok(query_scalar!("SELECT version FROM access.activations ORDER BY number DESC LIMIT 1")
        .fetch_optional(conn)
        .await?)
}

#[instrument(name = "db.policy.activate", skip_all, err)]
pub async fn insert_activation(
    conn: &mut Connection,
    version: i32,
    actor: UserId,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "INSERT INTO access.activations (number, version, actor, activated_at)
         SELECT coalesce(max(number), 0) + 1, $1, $2, $3 FROM access.activations",
        version,
        actor.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("activate policies")
}

#[instrument(name = "db.decision.add", skip_all, err)]
pub async fn add_decisions(
    conn: &mut Connection,
    hour: Timestamp,
    rows: &[([u8; 16], Decided)],
) -> DbResult<()> {
    let digests: Vec<Vec<u8>> = rows.iter().map(|(digest, _)| digest.to_vec()).collect();
    let questions: Vec<serde_json::Value> =
        rows.iter().map(|(_, it)| serde_json::to_value(&it.question).unwrap_or_default()).collect();
    let allowed: Vec<bool> = rows.iter().map(|(_, it)| it.allowed).collect();
    let times: Vec<i64> = rows.iter().map(|(_, it)| it.times).collect();
    query!(
        "INSERT INTO access.decisions (hour, digest, question, allowed, times)
         SELECT $1, new.* FROM unnest($2::bytea[], $3::jsonb[], $4::boolean[], $5::bigint[]) AS new
         ON CONFLICT (hour, digest) DO UPDATE SET times = decisions.times + excluded.times",
        hour.to_sqlx() as _,
        &digests,
        &questions,
        &allowed,
        &times,
    )
    .execute(conn)
    .await?
    .rows("write decisions", rows.len())
}

#[instrument(name = "db.decision.forget", skip_all, err)]
pub async fn forget_decisions(conn: &mut Connection, before: Timestamp) -> DbResult<()> {
    query!("DELETE FROM access.decisions WHERE hour < $1", before.to_sqlx() as _)
        .execute(conn)
        .await?;
    Ok(())
}

#[instrument(name = "db.decision.since", skip_all, err)]
pub async fn decided_since(
    conn: &mut Connection,
    since: Timestamp,
    limit: u32,
) -> DbResult<Vec<Decided>> {
    // One a digest: the same question of several hours is one.
    let rows = query!(
        r#"SELECT (array_agg(question))[1] AS "question!", allowed, sum(times)::bigint AS "times!"
           FROM access.decisions WHERE hour >= $1
           GROUP BY digest, allowed ORDER BY sum(times) DESC, digest LIMIT $2"#,
        since.to_sqlx() as _,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    // Questions of an older program, about actions that are no more, are left out.
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let question = serde_json::from_value(row.question).ok()?;
            Some(Decided { question, allowed: row.allowed, times: row.times })
        })
        .collect())
}
