//! Statements on `outbox.events`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use pg::{Connection, DbResult, copy::Table};

use super::{Due, Place, lanes::Target, shard};
use crate::{Interest, NewEvent};

/// `tx` and `position` come from the table, the positions in the order of the rows.
const EVENTS: Table = Table {
    name: "outbox.events",
    columns: &["shard", "id", "type", "subject", "data", "occurred_at"],
};

pub async fn insert(conn: &mut Connection, events: &[NewEvent]) -> DbResult<()> {
    pg::copy::rows(conn, &EVENTS, events, |event, row| {
        row.put(event.shard.to_i16())
            .put(event.id.as_uuid())
            .put(event.kind)
            .put(event.subject)
            .put(event.data())
            .put(event.occurred_at);
    })
    .await
}

/// The first `limit` events that somebody wants of what `target` sees and these lanes have not
/// taken, in order.
pub async fn fresh(
    conn: &mut Connection,
    lanes: &[i16],
    target: &Target,
    wanted: &Interest,
    limit: i64,
) -> DbResult<Vec<Due>> {
    let (kinds, families) = (wanted.kinds(), wanted.families());
    let rows = sqlx::query!(
        r#"SELECT e.shard AS "shard!", e.position AS "position!", e.id AS "id!", e.type AS "kind!",
                  e.subject AS "subject!", e.data AS "data!", e.occurred_at AS "occurred_at!",
                  EXISTS (SELECT FROM outbox.deferred d WHERE d.shard = e.shard
                      AND d.subject = e.subject AND NOT d.dead) AS "held!"
           FROM outbox.lanes l
           CROSS JOIN LATERAL outbox.untaken(l.shard, l.taken, l.floor, $2::text::pg_snapshot) e
           WHERE l.shard = ANY ($1) AND ($3::text[] IS NULL OR e.type = ANY ($3)
               OR split_part(e.type, '.', 1) = ANY ($4))
           ORDER BY e.position LIMIT $5"#,
        lanes,
        target.snapshot,
        kinds.as_deref(),
        &families,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Due {
                place: Place { shard: shard("outbox.events", row.shard)?, position: row.position },
                id: row.id.into(),
                kind: row.kind,
                subject: row.subject,
                data: row.data,
                occurred_at: row.occurred_at.to_jiff(),
                attempts: 0,
                held: row.held,
            })
        })
        .collect()
}

/// Puts those of the same events aside that come at `from` or later, and says how many.
pub async fn defer(
    conn: &mut Connection,
    lanes: &[i16],
    target: &Target,
    wanted: &Interest,
    from: i64,
) -> DbResult<u64> {
    let (kinds, families) = (wanted.kinds(), wanted.families());
    let deferred = sqlx::query!(
        "INSERT INTO outbox.deferred (shard, position, id, type, subject, data, occurred_at)
         SELECT e.shard, e.position, e.id, e.type, e.subject, e.data, e.occurred_at
         FROM outbox.lanes l
         CROSS JOIN LATERAL outbox.untaken(l.shard, l.taken, l.floor, $2::text::pg_snapshot) e
         WHERE l.shard = ANY ($1) AND ($3::text[] IS NULL OR e.type = ANY ($3)
               OR split_part(e.type, '.', 1) = ANY ($4))
           AND e.position >= $5
         ON CONFLICT (shard, position) DO NOTHING",
        lanes,
        target.snapshot,
        kinds.as_deref(),
        &families,
        from,
    )
    .execute(conn)
    .await?;
    Ok(deferred.rows_affected())
}

/// What [`forget`] did of one chunk.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// Events that were deleted.
    pub gone: u64,
    /// The last event that was read, deleted or not; nothing when there was none.
    pub last: Option<(u64, i64)>,
    /// Events that were read.
    pub read: i64,
}

/// Reads the next `limit` events of a lane after `(tx, position)`, in the order of the key, and
/// deletes those that were taken and are of before `before`. A lane of another cluster is left alone
/// until the relay has adopted it.
pub async fn forget(
    conn: &mut Connection,
    before: Timestamp,
    lane: i16,
    after: (u64, i64),
    limit: i64,
) -> DbResult<Chunk> {
    let row = sqlx::query!(
        r#"WITH lane AS MATERIALIZED (
               SELECT taken, floor FROM outbox.lanes
               WHERE shard = $1
                 AND cluster = (SELECT system_identifier FROM pg_control_system())),
           chunk AS MATERIALIZED (
               SELECT e.tx, e.position,
                      e.occurred_at < $2 AND (e.position <= lane.floor
                          OR pg_visible_in_snapshot(e.tx, lane.taken)) AS old
               FROM lane CROSS JOIN LATERAL (
                   SELECT tx, position, occurred_at FROM outbox.events
                   WHERE shard = $1 AND (tx, position) > ($3::text::xid8, $4)
                   ORDER BY tx, position LIMIT $5) e),
           gone AS (
               DELETE FROM outbox.events e USING chunk
               WHERE chunk.old AND e.shard = $1 AND e.tx = chunk.tx
                 AND e.position = chunk.position
               RETURNING e.position)
           SELECT (SELECT count(*) FROM gone) AS "gone!", (SELECT count(*) FROM chunk) AS "read!",
                  last.tx::text AS "tx?", last.position AS "position?"
           FROM (SELECT) one LEFT JOIN LATERAL (
               SELECT tx, position FROM chunk ORDER BY tx DESC, position DESC LIMIT 1) last
             ON true"#,
        lane,
        before.to_sqlx() as jiff_sqlx::Timestamp,
        after.0.to_string(),
        after.1,
        limit,
    )
    .fetch_one(conn)
    .await?;
    let tx = row.tx.as_deref().and_then(|tx| tx.parse().ok());
    Ok(Chunk {
        gone: u64::try_from(row.gone).unwrap_or(0),
        last: tx.zip(row.position),
        read: row.read,
    })
}
