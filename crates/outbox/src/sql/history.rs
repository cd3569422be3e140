//! Statements on events of the past.

use jiff::Timestamp;
use kernel::{SHARD_COUNT, shard_of};
use pg::{Connection, DbError, DbResult};
use serde_json::Value;
use uuid::Uuid;

use super::shard;
use crate::{
    Event,
    history::{EventFilter, EventProgress, PastEvent, PastPlace},
};

struct Row {
    shard: i16,
    tx: String,
    position: i64,
    id: Uuid,
    kind: String,
    subject: Uuid,
    data: String,
    occurred_at: jiff_sqlx::Timestamp,
    attempts: i16,
    progress: String,
}

impl TryFrom<Row> for PastEvent {
    type Error = DbError;

    fn try_from(row: Row) -> DbResult<Self> {
        let corrupt = |column, value: &str| DbError::Corrupt {
            table: "outbox.events",
            column,
            value: value.to_owned(),
        };
        let progress = EventProgress::parse(&row.progress);
        Ok(Self {
            progress: progress.ok_or_else(|| corrupt("progress", &row.progress))?,
            place: PastPlace(row.tx.parse().map_err(|_| corrupt("tx", &row.tx))?, row.position),
            event: Event {
                id: row.id.into(),
                shard: shard("outbox.events", row.shard)?,
                kind: row.kind,
                subject: row.subject,
                data: serde_json::from_str(&row.data).unwrap_or(Value::String(row.data)),
                occurred_at: row.occurred_at.to_jiff(),
                attempts: super::count(row.attempts),
            },
        })
    }
}

/// Lane by lane backwards along the primary key, as far as a page reaches; the number of the
/// transaction is the same for all lanes.
pub async fn list(
    conn: &mut Connection,
    filter: &EventFilter,
    after: Option<PastPlace>,
    limit: i64,
) -> DbResult<Vec<PastEvent>> {
    let lanes: Vec<i16> = match filter.subject {
        Some(subject) => vec![shard_of(subject).to_i16()],
        None => (0..SHARD_COUNT).map(i16::from).collect(),
    };
    let PastPlace(tx, position) = after.unwrap_or(PastPlace(u64::MAX, i64::MAX));
    let time = |at: Option<Timestamp>| at.map(jiff_sqlx::ToSqlx::to_sqlx);
    let kinds = filter.kinds.as_ref().and_then(crate::Interest::kinds);
    let families = filter.kinds.as_ref().map(crate::Interest::families).unwrap_or_default();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT e.shard AS "shard!", e.tx::text AS "tx!", e.position AS "position!",
                  e.id AS "id!", e.type AS "kind!", e.subject AS "subject!", e.data AS "data!",
                  e.occurred_at AS "occurred_at!", coalesce(d.attempts, 0::smallint) AS "attempts!",
                  CASE WHEN d.dead THEN 'dead' WHEN d.id IS NOT NULL THEN 'waiting'
                       WHEN e.position <= l.floor OR pg_visible_in_snapshot(e.tx, l.taken)
                       THEN 'done' ELSE 'pending' END AS "progress!"
           FROM unnest($1::smallint[]) AS lane (shard)
           CROSS JOIN LATERAL (
               SELECT shard, tx, position, id, type, subject, data, occurred_at
               FROM outbox.events
               WHERE shard = lane.shard AND (tx, position) < ($2::text::xid8, $3)
                 AND ($4::text[] IS NULL OR type = ANY ($4)
                     OR split_part(type, '.', 1) = ANY ($5))
                 AND ($6::uuid IS NULL OR subject = $6)
                 AND ($7::timestamptz IS NULL OR occurred_at >= $7)
                 AND ($8::timestamptz IS NULL OR occurred_at < $8)
               ORDER BY tx DESC, position DESC LIMIT $9) e
           JOIN outbox.lanes l ON l.shard = e.shard
           LEFT JOIN outbox.deferred d ON d.shard = e.shard AND d.position = e.position
           ORDER BY e.tx DESC, e.position DESC LIMIT $9"#,
        &lanes,
        tx.to_string(),
        position,
        kinds.as_deref(),
        &families,
        filter.subject,
        time(filter.from) as Option<jiff_sqlx::Timestamp>,
        time(filter.until) as Option<jiff_sqlx::Timestamp>,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(PastEvent::try_from).collect()
}
