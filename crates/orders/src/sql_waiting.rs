//! The statements that look for orders that wait for their money.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use kernel::{Shard, id::OrderId};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::waiting::EndPlace;

pub(crate) async fn ending(
    conn: &mut Connection,
    place: EndPlace,
    until: Timestamp,
    at_least: SignedDuration,
    limit: i64,
) -> DbResult<Vec<(OrderId, Timestamp)>> {
    let rows = sqlx::query!(
        r#"
        SELECT id, reserved_until
          FROM orders.orders
         WHERE status IN ('pending_payment', 'payment_failed')
           AND (reserved_until, id) > ($1, $2) AND reserved_until <= $3
           AND reserved_until - created_at >= make_interval(secs => $4)
         ORDER BY reserved_until, id
         LIMIT $5
        "#,
        place.end.to_sqlx() as jiff_sqlx::Timestamp,
        place.order,
        until.to_sqlx() as jiff_sqlx::Timestamp,
        at_least.as_secs_f64(),
        limit,
    )
    .fetch_all(conn)
    .await?;
    let found = rows.into_iter().map(|row| (row.id.into(), row.reserved_until.to_jiff()));
    Ok(found.collect())
}

pub(crate) async fn placed(
    conn: &mut Connection,
    shard: Shard,
    after: Uuid,
    before: Uuid,
    limit: i64,
) -> DbResult<Vec<(OrderId, Timestamp)>> {
    let rows = sqlx::query!(
        r#"
        SELECT id, created_at
          FROM orders.orders
         WHERE shard = $1 AND id > $2 AND id < $3
           AND status IN ('pending_payment', 'payment_failed')
         ORDER BY id
         LIMIT $4
        "#,
        shard.to_i16(),
        after,
        before,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.created_at.to_jiff())).collect())
}
