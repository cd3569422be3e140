//! Statements on `outbox.jobs`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::JobId;
use pg::{Connection, DbResult};
use sqlx::types::Json;
use uuid::Uuid;

use super::{column, count};
use crate::{Job, NewJob, dead::DeadJob};

pub async fn insert(conn: &mut Connection, jobs: &[NewJob]) -> DbResult<()> {
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.id.as_uuid()).collect();
    let kinds: Vec<&str> = jobs.iter().map(|job| job.kind).collect();
    let payloads: Vec<Json<&serde_json::Value>> =
        jobs.iter().map(|job| Json(&job.payload)).collect();
    let event_ids: Vec<Option<Uuid>> =
        jobs.iter().map(|job| job.event_id.map(kernel::id::EventId::as_uuid)).collect();
    let times: Vec<jiff_sqlx::Timestamp> = jobs.iter().map(|job| job.run_at.to_sqlx()).collect();
    sqlx::query!(
        "INSERT INTO outbox.jobs (id, kind, payload, event_id, run_at)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::uuid[], $5::timestamptz[])
             AS job (id, kind, payload, event_id, run_at)
         WHERE NOT EXISTS (SELECT FROM outbox.inbox seen
             WHERE seen.consumer = job.kind AND seen.event_id = job.event_id)
         ON CONFLICT (event_id, kind) DO NOTHING",
        &ids,
        &kinds as &[&str],
        &payloads as &[Json<&serde_json::Value>],
        &event_ids as &[Option<Uuid>],
        &times as &[jiff_sqlx::Timestamp],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes up to `limit` jobs that are due, until `leased_until`. Counting the attempt already here
/// means that a job which kills the program is dead one day, too.
pub async fn claim(
    conn: &mut Connection,
    now: Timestamp,
    leased_until: Timestamp,
    kinds: &[&str],
    limit: i64,
) -> DbResult<Vec<Job>> {
    let rows = sqlx::query!(
        "WITH due AS MATERIALIZED (
             SELECT id FROM outbox.jobs
             WHERE finished_at IS NULL AND NOT dead AND run_at <= $1
               AND (leased_until IS NULL OR leased_until <= $1) AND kind = ANY ($3)
             ORDER BY run_at LIMIT $4 FOR UPDATE SKIP LOCKED)
         UPDATE outbox.jobs j SET attempts = least(j.attempts, 32766) + 1, leased_until = $2
         FROM due WHERE j.id = due.id
         RETURNING j.id, j.kind, j.payload, j.event_id, j.attempts",
        now.to_sqlx() as jiff_sqlx::Timestamp,
        leased_until.to_sqlx() as jiff_sqlx::Timestamp,
        kinds as &[&str],
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Job {
            id: row.id.into(),
            kind: row.kind,
            payload: row.payload,
            event_id: row.event_id.map(Into::into),
            attempt: count(row.attempts),
        })
        .collect())
}

/// How a job ended, for its row. The attempt's number says whether it is still ours: another
/// runner that took it over after our lease ran out counted up.
pub enum Ending<'a> {
    Done { at: Timestamp },
    Again { at: Timestamp, error: &'a str },
    Dead { error: &'a str },
}

/// Whether the row was still ours.
pub async fn end(conn: &mut Connection, job: &Job, ending: &Ending<'_>) -> DbResult<bool> {
    let (finished_at, run_at, error) = match ending {
        Ending::Done { at } => (Some(*at), None, None),
        Ending::Again { at, error } => (None, Some(*at), Some(*error)),
        Ending::Dead { error } => (None, None, Some(*error)),
    };
    let ended = sqlx::query!(
        "UPDATE outbox.jobs
         SET finished_at = $3, run_at = coalesce($4, run_at), last_error = coalesce($5, last_error),
             dead = $6, leased_until = NULL
         WHERE id = $1 AND attempts = $2 AND finished_at IS NULL AND NOT dead",
        job.id.as_uuid(),
        column(job.attempt),
        finished_at.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
        run_at.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
        error,
        matches!(ending, Ending::Dead { .. }),
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}

pub async fn revive(conn: &mut Connection, id: JobId, run_at: Timestamp) -> DbResult<bool> {
    let revived = sqlx::query!(
        "UPDATE outbox.jobs SET dead = false, attempts = 0, leased_until = NULL, run_at = $2
         WHERE id = $1 AND dead",
        id.as_uuid(),
        run_at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(revived.rows_affected() > 0)
}

pub async fn list_dead(conn: &mut Connection, limit: i64) -> DbResult<Vec<DeadJob>> {
    let rows = sqlx::query!(
        "SELECT id, kind, payload, event_id, attempts, last_error
         FROM outbox.jobs WHERE dead ORDER BY id DESC LIMIT $1",
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| DeadJob {
            id: row.id.into(),
            kind: row.kind,
            payload: row.payload,
            event_id: row.event_id.map(Into::into),
            attempts: count(row.attempts),
            last_error: row.last_error.unwrap_or_default(),
        })
        .collect())
}

/// Forgets finished jobs, but not that their events had them.
pub async fn forget(conn: &mut Connection, before: Timestamp, limit: i64) -> DbResult<u64> {
    let gone = sqlx::query!(
        "WITH old AS MATERIALIZED (
             SELECT id, kind, event_id, finished_at FROM outbox.jobs
             WHERE finished_at < $1 ORDER BY finished_at LIMIT $2),
         seen AS (
             INSERT INTO outbox.inbox (consumer, event_id, seen_at)
             SELECT kind, event_id, finished_at FROM old WHERE event_id IS NOT NULL
             ON CONFLICT (consumer, event_id) DO NOTHING)
         DELETE FROM outbox.jobs j USING old WHERE j.id = old.id",
        before.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
