//! Statements on dead letters, in `outbox.deferred` and `outbox.jobs`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use pg::{Connection, DbError, DbResult};
use serde_json::Value;
use uuid::Uuid;

use super::count;
use crate::letters::{Letter, LetterFilter, LetterSource};

fn time(at: Option<Timestamp>) -> Option<jiff_sqlx::Timestamp> {
    at.map(jiff_sqlx::ToSqlx::to_sqlx)
}

pub async fn list(
    conn: &mut Connection,
    filter: &LetterFilter,
    after: Option<Uuid>,
    limit: i64,
) -> DbResult<Vec<Letter>> {
    let rows = sqlx::query!(
        r#"SELECT source AS "source!", id AS "id!", kind AS "kind!", subject AS "subject?",
                  event_id AS "event_id?", data AS "data!", at AS "at!", attempts AS "attempts!",
                  last_error AS "last_error?"
           FROM (
               (SELECT 'event' AS source, id, type AS kind, subject, id AS event_id, data,
                       occurred_at AS at, attempts, last_error
                FROM outbox.deferred
                WHERE dead AND $1 AND ($3::uuid IS NULL OR id < $3)
                  AND ($4::uuid IS NULL OR id = $4) AND ($5::text IS NULL OR type = $5)
                  AND ($6::timestamptz IS NULL OR occurred_at >= $6)
                  AND ($7::timestamptz IS NULL OR occurred_at < $7)
                ORDER BY id DESC LIMIT $8)
               UNION ALL
               (SELECT 'job', id, kind, NULL, event_id, payload::text, run_at, attempts, last_error
                FROM outbox.jobs
                WHERE dead AND $2 AND ($3::uuid IS NULL OR id < $3)
                  AND ($4::uuid IS NULL OR id = $4) AND ($5::text IS NULL OR kind = $5)
                  AND ($6::timestamptz IS NULL OR run_at >= $6)
                  AND ($7::timestamptz IS NULL OR run_at < $7)
                ORDER BY id DESC LIMIT $8)) letter
           ORDER BY id DESC LIMIT $8"#,
        filter.asks_for(LetterSource::Event),
        filter.asks_for(LetterSource::Job),
        after,
        filter.id,
        filter.kind.as_deref(),
        time(filter.from) as Option<jiff_sqlx::Timestamp>,
        time(filter.until) as Option<jiff_sqlx::Timestamp>,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let source = LetterSource::parse(&row.source).ok_or_else(|| DbError::Corrupt {
                table: "outbox.letters",
                column: "source",
                value: row.source.clone(),
            })?;
            Ok(Letter {
                id: row.id,
                source,
                kind: row.kind,
                subject: row.subject,
                event_id: row.event_id.map(Into::into),
                // What is no JSON may be why it is dead: it is shown as it is.
                data: serde_json::from_str(&row.data).unwrap_or(Value::String(row.data)),
                at: row.at.to_jiff(),
                attempts: count(row.attempts),
                last_error: row.last_error.unwrap_or_default(),
            })
        })
        .collect()
}

pub async fn revive_events(
    conn: &mut Connection,
    filter: &LetterFilter,
    limit: i64,
) -> DbResult<Vec<Uuid>> {
    let revived = sqlx::query_scalar!(
        "UPDATE outbox.deferred SET dead = false, attempts = 0, next_attempt_at = NULL
         WHERE dead AND (shard, position) IN (
             SELECT shard, position FROM outbox.deferred
             WHERE dead AND ($1::uuid IS NULL OR id = $1) AND ($2::text IS NULL OR type = $2)
               AND ($3::timestamptz IS NULL OR occurred_at >= $3)
               AND ($4::timestamptz IS NULL OR occurred_at < $4)
             ORDER BY id LIMIT $5)
         RETURNING id",
        filter.id,
        filter.kind.as_deref(),
        time(filter.from) as Option<jiff_sqlx::Timestamp>,
        time(filter.until) as Option<jiff_sqlx::Timestamp>,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(revived)
}

pub async fn revive_jobs(
    conn: &mut Connection,
    filter: &LetterFilter,
    run_at: Timestamp,
    limit: i64,
) -> DbResult<Vec<Uuid>> {
    let revived = sqlx::query_scalar!(
        "UPDATE outbox.jobs SET dead = false, attempts = 0, leased_until = NULL, run_at = $6
         WHERE dead AND id IN (
             SELECT id FROM outbox.jobs
             WHERE dead AND ($1::uuid IS NULL OR id = $1) AND ($2::text IS NULL OR kind = $2)
               AND ($3::timestamptz IS NULL OR run_at >= $3)
               AND ($4::timestamptz IS NULL OR run_at < $4)
             ORDER BY id LIMIT $5)
         RETURNING id",
        filter.id,
        filter.kind.as_deref(),
        time(filter.from) as Option<jiff_sqlx::Timestamp>,
        time(filter.until) as Option<jiff_sqlx::Timestamp>,
        limit,
        run_at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(conn)
    .await?;
    Ok(revived)
}

pub async fn discard_event(conn: &mut Connection, id: Uuid) -> DbResult<bool> {
    let gone = sqlx::query!("DELETE FROM outbox.deferred WHERE id = $1 AND dead", id)
        .execute(conn)
        .await?;
    Ok(gone.rows_affected() > 0)
}

pub async fn discard_job(conn: &mut Connection, id: Uuid, now: Timestamp) -> DbResult<bool> {
    let gone = sqlx::query_scalar!(
        r#"WITH gone AS (
               DELETE FROM outbox.jobs WHERE id = $1 AND dead RETURNING kind, event_id),
           seen AS (
               INSERT INTO outbox.inbox (consumer, event_id, seen_at)
               SELECT kind, event_id, $2 FROM gone WHERE event_id IS NOT NULL
               ON CONFLICT (consumer, event_id) DO NOTHING)
           SELECT count(*) AS "gone!" FROM gone"#,
        id,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_one(conn)
    .await?;
    Ok(gone > 0)
}
