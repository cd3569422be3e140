//! Statements on `outbox.events`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Shard, id::EventId};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Event, NewEvent, dead::DeadEvent};

/// An event's primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub shard: Shard,
    pub id: EventId,
}

/// An event that is due. Its data stay text until somebody wants them.
pub struct Due {
    pub key: Key,
    pub kind: String,
    pub subject: Uuid,
    pub data: String,
    pub occurred_at: Timestamp,
    pub attempts: u16,
}

impl Due {
    /// The event, with its data read.
    pub fn read(&self) -> Result<Event, serde_json::Error> {
        Ok(Event {
            id: self.key.id,
            shard: self.key.shard,
            kind: self.kind.clone(),
            subject: self.subject,
            data: serde_json::from_str(&self.data)?,
            occurred_at: self.occurred_at,
            attempts: self.attempts,
        })
    }
}

/// What to write down about an event that failed.
pub struct Failure {
    pub key: Key,
    pub attempts: u16,
    pub error: String,
    /// `None`: dead.
    pub next_attempt_at: Option<Timestamp>,
}

pub async fn insert(conn: &mut Connection, events: &[NewEvent]) -> DbResult<()> {
    let shards: Vec<i16> = events.iter().map(|e| e.shard.to_i16()).collect();
    let ids: Vec<Uuid> = events.iter().map(|e| e.id.as_uuid()).collect();
    let kinds: Vec<&str> = events.iter().map(|e| e.kind).collect();
    let subjects: Vec<Uuid> = events.iter().map(|e| e.subject).collect();
    let data: Vec<Json<&serde_json::Value>> = events.iter().map(|e| Json(&e.data)).collect();
    let times: Vec<jiff_sqlx::Timestamp> = events.iter().map(|e| e.occurred_at.to_sqlx()).collect();
    // `unnest` yields its rows in the order of the arrays, and positions are drawn in that order.
    sqlx::query!(
        "INSERT INTO outbox.events (shard, id, type, subject, data, occurred_at)
         SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[], $5::jsonb[],
                              $6::timestamptz[])",
        &shards,
        &ids,
        &kinds as &[&str],
        &subjects,
        &data as &[Json<&serde_json::Value>],
        &times as &[jiff_sqlx::Timestamp],
    )
    .execute(conn)
    .await?
    .rows("append events", events.len())
}

/// The relay's transaction bounds every wait, and does not make its commit wait for the disk: what
/// a crash of the server forgets are the handlers' writes and the marks together, so the events are
/// handed over again; and a commit that does wait for the disk takes all earlier ones with it.
pub async fn prepare_relay(conn: &mut Connection) -> DbResult<()> {
    sqlx::query!(
        "SELECT set_config('synchronous_commit', 'off', true) AS a,
                set_config('lock_timeout', '2s', true) AS b,
                set_config('statement_timeout', '5s', true) AS c"
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// The first half of PostgreSQL's pair of advisory lock keys; the second is the shard. ("oxob")
const LANE_LOCKS: i32 = 0x6f78_6f62;

/// Locks, until the end of the transaction, the shards of the oldest `limit` events that are due,
/// without those that another relay has.
pub async fn lock_lanes(
    conn: &mut Connection,
    now: Timestamp,
    among: Option<&[i16]>,
    limit: i64,
) -> DbResult<Vec<i16>> {
    let lanes = sqlx::query_scalar!(
        r#"WITH waiting AS MATERIALIZED (
               SELECT subject FROM outbox.events
               WHERE published_at IS NULL AND NOT dead AND next_attempt_at > $1),
           due AS MATERIALIZED (
               (SELECT shard FROM outbox.events
                WHERE published_at IS NULL AND NOT dead AND next_attempt_at IS NULL
                  AND ($2::smallint[] IS NULL OR shard = ANY ($2))
                  AND subject NOT IN (SELECT subject FROM waiting)
                ORDER BY position LIMIT $3)
               UNION ALL
               (SELECT shard FROM outbox.events
                WHERE published_at IS NULL AND NOT dead AND next_attempt_at <= $1
                  AND ($2::smallint[] IS NULL OR shard = ANY ($2))
                  AND subject NOT IN (SELECT subject FROM waiting)
                ORDER BY position LIMIT $3)),
           lanes AS MATERIALIZED (SELECT DISTINCT shard FROM due)
           SELECT shard AS "shard!" FROM lanes
           WHERE pg_try_advisory_xact_lock($4, shard::integer)"#,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        among,
        limit,
        LANE_LOCKS,
    )
    .fetch_all(conn)
    .await?;
    Ok(lanes)
}

// Both statements ask for new and for failed events apart, the way the two indexes are: a condition
// for both at once would make PostgreSQL read the whole backlog. `NOT IN` makes it hash the subjects
// that wait, however many it thinks there are.

/// The oldest `limit` events of these lanes that are due, oldest first. The lanes' locks guard the
/// rows: nobody else touches a pending event.
pub async fn due(
    conn: &mut Connection,
    now: Timestamp,
    lanes: &[i16],
    limit: i64,
) -> DbResult<Vec<Due>> {
    let rows = sqlx::query!(
        r#"WITH waiting AS MATERIALIZED (
               SELECT subject FROM outbox.events
               WHERE published_at IS NULL AND NOT dead AND next_attempt_at > $1),
           due AS MATERIALIZED (
               (SELECT position, shard, id, type, subject, data, occurred_at, attempts
                FROM outbox.events
                WHERE published_at IS NULL AND NOT dead AND next_attempt_at IS NULL
                  AND shard = ANY ($2) AND subject NOT IN (SELECT subject FROM waiting)
                ORDER BY position LIMIT $3)
               UNION ALL
               (SELECT position, shard, id, type, subject, data, occurred_at, attempts
                FROM outbox.events
                WHERE published_at IS NULL AND NOT dead AND next_attempt_at <= $1
                  AND shard = ANY ($2) AND subject NOT IN (SELECT subject FROM waiting)
                ORDER BY position LIMIT $3))
           SELECT shard AS "shard!", id AS "id!", type AS "kind!", subject AS "subject!",
                  data::text AS "data!", occurred_at AS "occurred_at!", attempts AS "attempts!"
           FROM due ORDER BY position LIMIT $3"#,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        lanes,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Due {
                key: Key { shard: shard(row.shard)?, id: row.id.into() },
                kind: row.kind,
                subject: row.subject,
                data: row.data,
                occurred_at: row.occurred_at.to_jiff(),
                attempts: count(row.attempts),
            })
        })
        .collect()
}

pub async fn mark_published(conn: &mut Connection, now: Timestamp, keys: &[Key]) -> DbResult<()> {
    let shards: Vec<i16> = keys.iter().map(|key| key.shard.to_i16()).collect();
    let ids: Vec<Uuid> = keys.iter().map(|key| key.id.as_uuid()).collect();
    sqlx::query!(
        "UPDATE outbox.events e SET published_at = $1, next_attempt_at = NULL
         FROM unnest($2::smallint[], $3::uuid[]) AS done (shard, id)
         WHERE e.shard = done.shard AND e.id = done.id AND e.published_at IS NULL AND NOT e.dead",
        now.to_sqlx() as jiff_sqlx::Timestamp,
        &shards,
        &ids,
    )
    .execute(conn)
    .await?
    .rows("mark events published", keys.len())
}

pub async fn mark_failed(conn: &mut Connection, failure: &Failure) -> DbResult<()> {
    sqlx::query!(
        "UPDATE outbox.events
         SET attempts = $3, last_error = $4, next_attempt_at = $5,
             dead = $5::timestamptz IS NULL
         WHERE shard = $1 AND id = $2 AND published_at IS NULL AND NOT dead",
        failure.key.shard.to_i16(),
        failure.key.id.as_uuid(),
        column(failure.attempts),
        failure.error,
        failure.next_attempt_at.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
    )
    .execute(conn)
    .await?
    .one_row("mark an event failed")
}

pub async fn revive(conn: &mut Connection, id: EventId) -> DbResult<bool> {
    let revived = sqlx::query!(
        "UPDATE outbox.events SET dead = false, attempts = 0, next_attempt_at = NULL
         WHERE id = $1 AND dead",
        id.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(revived.rows_affected() > 0)
}

pub async fn list_dead(conn: &mut Connection, limit: i64) -> DbResult<Vec<DeadEvent>> {
    let rows = sqlx::query!(
        r#"SELECT id, type AS kind, subject, data, occurred_at, attempts, last_error
           FROM outbox.events WHERE dead ORDER BY id DESC LIMIT $1"#,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| DeadEvent {
            id: row.id.into(),
            kind: row.kind,
            subject: row.subject,
            data: row.data,
            occurred_at: row.occurred_at.to_jiff(),
            attempts: count(row.attempts),
            last_error: row.last_error.unwrap_or_default(),
        })
        .collect())
}

pub async fn forget(conn: &mut Connection, before: Timestamp, limit: i64) -> DbResult<u64> {
    // An event is published after it occurred, so the first condition only makes it quick to find.
    let gone = sqlx::query!(
        "DELETE FROM outbox.events WHERE (shard, id) IN (
             SELECT shard, id FROM outbox.events
             WHERE occurred_at < $1 AND published_at < $1 LIMIT $2)",
        before.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

fn shard(number: i16) -> DbResult<Shard> {
    u8::try_from(number).ok().filter(|&number| number < kernel::SHARD_COUNT).map(Shard::new).ok_or(
        DbError::Corrupt { table: "outbox.events", column: "shard", value: number.to_string() },
    )
}

/// A number of attempts as a program has it.
pub fn count(attempts: i16) -> u16 {
    u16::try_from(attempts).unwrap_or(0)
}

/// A number of attempts as the table has it.
pub fn column(attempts: u16) -> i16 {
    i16::try_from(attempts).unwrap_or(i16::MAX)
}
