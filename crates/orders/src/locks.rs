//! Every row lock of this module.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::id::OrderId;
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{error::OrderError, placing::Order, sql};

/// Locks one order for the rest of the transaction.
pub async fn lock(conn: &mut Connection, order: OrderId) -> Result<Order, OrderError> {
    let mut locked = lock_many(conn, &[order]).await?;
    locked.pop().ok_or(OrderError::NotFound)
}

/// Locks orders in id order; unknown ones are absent.
pub async fn lock_many(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Order>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let locked = sqlx::query_scalar!(
        r#"
        SELECT o.id
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, id)
          JOIN orders.orders AS o USING (shard, id)
         ORDER BY o.id
           FOR UPDATE OF o
        "#,
        &shards,
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let locked: Vec<OrderId> = locked.into_iter().map(OrderId::from).collect();
    sql::load(conn, &locked).await
}

/// Locks up to `limit` orders whose time to pay is over, skipping those somebody else holds (being
/// paid or cancelled at this moment, or claimed by another node).
pub async fn claim_expired(
    conn: &mut Connection,
    now: Timestamp,
    limit: i64,
) -> DbResult<Vec<Order>> {
    let claimed = sqlx::query_scalar!(
        r#"
        SELECT id
          FROM orders.orders
         WHERE status IN ('pending_payment', 'payment_failed') AND reserved_until <= $1
         ORDER BY reserved_until
         LIMIT $2
           FOR UPDATE SKIP LOCKED
        "#,
        now.to_sqlx(),
        limit,
    )
    .fetch_all(&mut *conn)
    .await?;
    let claimed: Vec<OrderId> = claimed.into_iter().map(OrderId::from).collect();
    sql::load(conn, &claimed).await
}
