//! Statements on `outbox.events`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use pg::{Connection, DbResult, copy::Table};

use super::{Due, Place, lanes::Target, shard};
use crate::NewEvent;

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
    wanted: Option<&[&str]>,
    limit: i64,
) -> DbResult<Vec<Due>> {
    let rows = sqlx::query!(
        r#"SELECT e.shard AS "shard!", e.position AS "position!", e.id AS "id!", e.type AS "kind!",
                  e.subject AS "subject!", e.data AS "data!", e.occurred_at AS "occurred_at!",
                  EXISTS (SELECT FROM outbox.deferred d WHERE d.shard = e.shard
                      AND d.subject = e.subject AND NOT d.dead) AS "held!"
           FROM outbox.lanes l
           CROSS JOIN LATERAL outbox.untaken(l.shard, l.taken, l.floor, $2::text::pg_snapshot) e
           WHERE l.shard = ANY ($1) AND ($3::text[] IS NULL OR e.type = ANY ($3))
           ORDER BY e.position LIMIT $4"#,
        lanes,
        target.snapshot,
        wanted as Option<&[&str]>,
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
    wanted: Option<&[&str]>,
    from: i64,
) -> DbResult<u64> {
    let deferred = sqlx::query!(
        "INSERT INTO outbox.deferred (shard, position, id, type, subject, data, occurred_at)
         SELECT e.shard, e.position, e.id, e.type, e.subject, e.data, e.occurred_at
         FROM outbox.lanes l
         CROSS JOIN LATERAL outbox.untaken(l.shard, l.taken, l.floor, $2::text::pg_snapshot) e
         WHERE l.shard = ANY ($1) AND ($3::text[] IS NULL OR e.type = ANY ($3))
           AND e.position >= $4
         ON CONFLICT (shard, position) DO NOTHING",
        lanes,
        target.snapshot,
        wanted as Option<&[&str]>,
        from,
    )
    .execute(conn)
    .await?;
    Ok(deferred.rows_affected())
}

/// Deletes taken events of before `before`. A lane of another cluster is left alone until the relay
/// has adopted it.
pub async fn forget(conn: &mut Connection, before: Timestamp, limit: i64) -> DbResult<u64> {
    let gone = sqlx::query!(
        "DELETE FROM outbox.events WHERE (shard, tx, position) IN (
             SELECT e.shard, e.tx, e.position
             FROM outbox.events e JOIN outbox.lanes l USING (shard)
             WHERE e.occurred_at < $1
               AND l.cluster = (SELECT system_identifier FROM pg_control_system())
               AND (e.position <= l.floor OR pg_visible_in_snapshot(e.tx, l.taken))
             LIMIT $2)",
        before.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
