//! Statements on `outbox.deferred`: events taken from their lane but not handed over yet, or dead.
//! Whoever holds the lane's lock is the only one to touch its rows; only [`revive`] comes from
//! outside, and turns a dead one, which no relay looks at, into a live one.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::EventId;
use pg::{Affected as _, Connection, DbResult};
use uuid::Uuid;

use super::{Due, Place, column, count, shard};
use crate::dead::DeadEvent;

/// How an event came to wait, or to die.
#[derive(Debug)]
pub struct Trouble {
    pub place: Place,
    pub attempts: u16,
    /// None: it waits for another one.
    pub error: Option<String>,
    pub next_attempt_at: Option<Timestamp>,
    pub dead: bool,
}

/// The first `limit` deferred events of these lanes that are due, in order: live ones, without
/// those of subjects of which one waits for its next attempt.
pub async fn due(
    conn: &mut Connection,
    now: Timestamp,
    lanes: &[i16],
    limit: i64,
) -> DbResult<Vec<Due>> {
    // `NOT IN` makes PostgreSQL hash the subjects that wait, however many it thinks there are.
    let rows = sqlx::query!(
        r#"WITH waiting AS MATERIALIZED (
               SELECT subject FROM outbox.deferred
               WHERE shard = ANY ($2) AND NOT dead AND next_attempt_at > $1)
           SELECT d.shard AS "shard!", d.position AS "position!", d.id AS "id!",
                  d.type AS "kind!", d.subject AS "subject!", d.data AS "data!",
                  d.occurred_at AS "occurred_at!", d.attempts AS "attempts!"
           FROM unnest($2) AS lane (shard)
           CROSS JOIN LATERAL (
               SELECT shard, position, id, type, subject, data, occurred_at, attempts
               FROM outbox.deferred
               WHERE shard = lane.shard AND NOT dead
                 AND subject NOT IN (SELECT subject FROM waiting)
               ORDER BY position LIMIT $3) d
           ORDER BY d.position LIMIT $3"#,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        lanes,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Due {
                place: Place {
                    shard: shard("outbox.deferred", row.shard)?,
                    position: row.position,
                },
                id: row.id.into(),
                kind: row.kind,
                subject: row.subject,
                data: row.data,
                occurred_at: row.occurred_at.to_jiff(),
                attempts: count(row.attempts),
                held: false,
            })
        })
        .collect()
}

pub async fn done(conn: &mut Connection, places: &[Place]) -> DbResult<()> {
    let (shards, positions) = keys(places);
    sqlx::query!(
        "DELETE FROM outbox.deferred d USING unnest($1::smallint[], $2::bigint[])
             AS done (shard, position)
         WHERE d.shard = done.shard AND d.position = done.position AND NOT d.dead",
        &shards,
        &positions,
    )
    .execute(conn)
    .await?
    .rows("finish deferred events", places.len())
}

/// One that was deferred already failed again.
pub async fn failed(conn: &mut Connection, trouble: &Trouble) -> DbResult<()> {
    sqlx::query!(
        "UPDATE outbox.deferred
         SET attempts = $3, last_error = $4, next_attempt_at = $5, dead = $6
         WHERE shard = $1 AND position = $2 AND NOT dead",
        trouble.place.shard.to_i16(),
        trouble.place.position,
        column(trouble.attempts),
        trouble.error,
        trouble.next_attempt_at.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
        trouble.dead,
    )
    .execute(conn)
    .await?
    .one_row("mark an event failed")
}

/// Defers fresh events that failed, or wait for one that did.
pub async fn put(conn: &mut Connection, events: &[(&Due, Trouble)]) -> DbResult<()> {
    let places: Vec<Place> = events.iter().map(|(due, _)| due.place).collect();
    let (shards, positions) = keys(&places);
    let ids: Vec<Uuid> = events.iter().map(|(due, _)| due.id.as_uuid()).collect();
    let kinds: Vec<&str> = events.iter().map(|(due, _)| due.kind.as_str()).collect();
    let subjects: Vec<Uuid> = events.iter().map(|(due, _)| due.subject).collect();
    let data: Vec<&str> = events.iter().map(|(due, _)| due.data.as_str()).collect();
    let times: Vec<jiff_sqlx::Timestamp> =
        events.iter().map(|(due, _)| due.occurred_at.to_sqlx()).collect();
    let attempts: Vec<i16> = events.iter().map(|(_, it)| column(it.attempts)).collect();
    let next: Vec<Option<jiff_sqlx::Timestamp>> =
        events.iter().map(|(_, it)| it.next_attempt_at.map(jiff_sqlx::ToSqlx::to_sqlx)).collect();
    let errors: Vec<Option<&str>> = events.iter().map(|(_, it)| it.error.as_deref()).collect();
    let dead: Vec<bool> = events.iter().map(|(_, it)| it.dead).collect();
    sqlx::query!(
        "INSERT INTO outbox.deferred (shard, position, id, type, subject, data, occurred_at,
             attempts, next_attempt_at, last_error, dead)
         SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::uuid[], $4::text[], $5::uuid[],
             $6::text[], $7::timestamptz[], $8::smallint[], $9::timestamptz[], $10::text[],
             $11::boolean[])
         ON CONFLICT (shard, position) DO NOTHING",
        &shards,
        &positions,
        &ids,
        &kinds as &[&str],
        &subjects,
        &data as &[&str],
        &times as &[jiff_sqlx::Timestamp],
        &attempts,
        &next as &[Option<jiff_sqlx::Timestamp>],
        &errors as &[Option<&str>],
        &dead,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn revive(conn: &mut Connection, id: EventId) -> DbResult<bool> {
    let revived = sqlx::query!(
        "UPDATE outbox.deferred SET dead = false, attempts = 0, next_attempt_at = NULL
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
           FROM outbox.deferred WHERE dead ORDER BY id DESC LIMIT $1"#,
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
            // What is no JSON may be why it is dead: it is shown as it is.
            data: serde_json::from_str(&row.data).unwrap_or(serde_json::Value::String(row.data)),
            occurred_at: row.occurred_at.to_jiff(),
            attempts: count(row.attempts),
            last_error: row.last_error.unwrap_or_default(),
        })
        .collect())
}

fn keys(places: &[Place]) -> (Vec<i16>, Vec<i64>) {
    places.iter().map(|place| (place.shard.to_i16(), place.position)).unzip()
}
