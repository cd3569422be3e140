//! Statements on `outbox.schedule`.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use pg::{Affected as _, Connection, DbError, DbResult};

use crate::schedule::{Scheduled, TurnOutcome};

/// A job that was known keeps when it is due, unless its period got shorter.
pub async fn register(
    conn: &mut Connection,
    name: &str,
    every: Duration,
    now: Timestamp,
) -> DbResult<()> {
    let seconds = i64::try_from(every.as_secs()).unwrap_or(i64::MAX).max(1);
    sqlx::query!(
        "INSERT INTO outbox.schedule AS s (name, every_seconds, next_run_at)
         VALUES ($1, $2, $3::timestamptz + make_interval(secs => $2::bigint::float8))
         ON CONFLICT (name) DO UPDATE SET every_seconds = excluded.every_seconds,
             next_run_at = least(s.next_run_at, excluded.next_run_at)
         WHERE s.every_seconds <> excluded.every_seconds",
        name,
        seconds,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the turns of those of `names` that are due and nobody's; name and token of each. One whose
/// lease ran out was abandoned.
pub async fn take(
    conn: &mut Connection,
    names: &[&str],
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> DbResult<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        "UPDATE outbox.schedule
         SET token = token + 1, owner = $2, started_at = $3, leased_until = $4,
             failures = failures + (owner IS NOT NULL)::int,
             finished_at = CASE WHEN owner IS NOT NULL THEN $3 ELSE finished_at END,
             outcome = CASE WHEN owner IS NOT NULL THEN 'abandoned' ELSE outcome END,
             message = CASE WHEN owner IS NOT NULL
                 THEN 'nothing was heard of ' || owner ELSE message END
         WHERE name IN (
             SELECT name FROM outbox.schedule
             WHERE name = ANY ($1)
               AND CASE WHEN owner IS NULL THEN next_run_at <= $3 ELSE leased_until <= $3 END
             FOR UPDATE SKIP LOCKED)
         RETURNING name, token",
        names as &[&str],
        owner,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        until.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.token)).collect())
}

/// Whether the turn was still this one's.
pub async fn renew(
    conn: &mut Connection,
    name: &str,
    token: i64,
    until: Timestamp,
) -> DbResult<bool> {
    let renewed = sqlx::query!(
        "UPDATE outbox.schedule SET leased_until = $3
         WHERE name = $1 AND token = $2 AND owner IS NOT NULL",
        name,
        token,
        until.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Locks the turn against being taken over, for the rest of the transaction.
pub async fn hold(conn: &mut Connection, name: &str, token: i64) -> DbResult<()> {
    sqlx::query!(
        "SELECT FROM outbox.schedule WHERE name = $1 AND token = $2 AND owner IS NOT NULL
         FOR SHARE",
        name,
        token,
    )
    .execute(conn)
    .await?
    .one_row("hold a turn of a recurring job")
}

/// Turns that did not end well since the last one that did.
pub async fn failures(conn: &mut Connection, name: &str) -> DbResult<u32> {
    let failures =
        sqlx::query_scalar!("SELECT failures FROM outbox.schedule WHERE name = $1", name)
            .fetch_one(conn)
            .await?;
    Ok(u32::try_from(failures).unwrap_or(0))
}

/// How a turn ended.
pub struct Ended<'a> {
    pub outcome: TurnOutcome,
    pub message: &'a str,
    pub at: Timestamp,
    pub next_run_at: Timestamp,
}

/// Whether the turn was still this one's.
pub async fn end(
    conn: &mut Connection,
    name: &str,
    token: i64,
    ended: &Ended<'_>,
) -> DbResult<bool> {
    let done = sqlx::query!(
        "UPDATE outbox.schedule
         SET owner = NULL, leased_until = NULL, outcome = $3, message = $4, finished_at = $5,
             next_run_at = $6,
             succeeded_at = CASE WHEN $3 = 'succeeded' THEN $5 ELSE succeeded_at END,
             failures = CASE $3 WHEN 'succeeded' THEN 0 WHEN 'interrupted' THEN failures
                                ELSE failures + 1 END
         WHERE name = $1 AND token = $2 AND owner IS NOT NULL",
        name,
        token,
        ended.outcome.as_str(),
        ended.message,
        ended.at.to_sqlx() as jiff_sqlx::Timestamp,
        ended.next_run_at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn run_soon(conn: &mut Connection, name: &str, now: Timestamp) -> DbResult<bool> {
    let found = sqlx::query!(
        "UPDATE outbox.schedule SET next_run_at = least(next_run_at, $2) WHERE name = $1",
        name,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(found.rows_affected() == 1)
}

pub async fn list(conn: &mut Connection) -> DbResult<Vec<Scheduled>> {
    let rows = sqlx::query!(
        "SELECT name, every_seconds, next_run_at, owner, started_at, token, finished_at,
                succeeded_at, outcome, message, failures
         FROM outbox.schedule ORDER BY name"
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let time = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
            let outcome = row.outcome.as_deref().map(|word| {
                TurnOutcome::parse(word).ok_or_else(|| DbError::Corrupt {
                    table: "outbox.schedule",
                    column: "outcome",
                    value: word.to_owned(),
                })
            });
            Ok(Scheduled {
                name: row.name,
                every: Duration::from_secs(u64::try_from(row.every_seconds).unwrap_or(0)),
                next_run_at: row.next_run_at.to_jiff(),
                running: row.owner.zip(time(row.started_at)),
                turns: row.token,
                finished_at: time(row.finished_at),
                succeeded_at: time(row.succeeded_at),
                outcome: outcome.transpose()?,
                message: row.message,
                failures: u32::try_from(row.failures).unwrap_or(0),
            })
        })
        .collect()
}
