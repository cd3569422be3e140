//! Every SQL statement of this module.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::OrderId;
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::marks::Mark;

/// In the order of the key, so that two who mark the same orders wait for each other instead of
/// standing in each other's way.
pub(crate) async fn mark(
    conn: &mut Connection,
    mark: Mark,
    orders: &[(OrderId, Timestamp)],
    now: Timestamp,
) -> DbResult<Vec<OrderId>> {
    let shards: Vec<i16> = orders.iter().map(|(order, _)| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|(order, _)| order.as_uuid()).collect();
    let times: Vec<jiff_sqlx::Timestamp> =
        orders.iter().map(|(_, about)| about.to_sqlx()).collect();
    let marked = sqlx::query_scalar!(
        r#"
        INSERT INTO notifications.marks (shard, order_id, kind, about, marked_at)
        SELECT shard, order_id, $4, about, $5
          FROM unnest($1::smallint[], $2::uuid[], $3::timestamptz[]) AS new (shard, order_id, about)
         ORDER BY shard, order_id, about
            ON CONFLICT (shard, order_id, kind, about) DO NOTHING
        RETURNING order_id
        "#,
        &shards,
        &ids,
        &times as &[jiff_sqlx::Timestamp],
        mark.as_str(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(conn)
    .await?;
    Ok(marked.into_iter().map(OrderId::from).collect())
}

pub(crate) async fn forget(conn: &mut Connection, before: Timestamp, limit: i64) -> DbResult<u64> {
    let gone = sqlx::query!(
        r#"
        DELETE FROM notifications.marks
         WHERE (shard, order_id, kind, about) IN (
               SELECT shard, order_id, kind, about
                 FROM notifications.marks
                WHERE marked_at < $1
                LIMIT $2)
        "#,
        before.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
