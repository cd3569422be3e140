//! Statements on `outbox.inbox`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::EventId;
use pg::{Connection, DbResult};
use uuid::Uuid;

pub async fn claim(
    conn: &mut Connection,
    consumer: &str,
    events: &[EventId],
    now: Timestamp,
) -> DbResult<Vec<EventId>> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.as_uuid()).collect();
    // In the order of the key, so that two who claim the same events do not wait for each other.
    let new = sqlx::query_scalar!(
        r#"INSERT INTO outbox.inbox (consumer, event_id, seen_at)
           SELECT $1, id, $3 FROM unnest($2::uuid[]) AS event (id) ORDER BY id
           ON CONFLICT (consumer, event_id) DO NOTHING
           RETURNING event_id"#,
        consumer,
        &ids,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(conn)
    .await?;
    Ok(new.into_iter().map(EventId::from).collect())
}

pub async fn forget(conn: &mut Connection, before: Timestamp, limit: i64) -> DbResult<u64> {
    let gone = sqlx::query!(
        "DELETE FROM outbox.inbox WHERE (consumer, event_id) IN (
             SELECT consumer, event_id FROM outbox.inbox WHERE seen_at < $1 LIMIT $2)",
        before.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
