//! The statements about orders that wait for their money.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kernel::id::OrderId;
use pg::{Affected, Connection, DbResult};
use uuid::Uuid;

use crate::awaiting::Awaiting;

pub(crate) async fn await_payment(
    conn: &mut Connection,
    order: OrderId,
    awaiting: &Awaiting<'_>,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE orders.orders
           SET payment_method = $3
             , first_reserved_until = CASE WHEN reserved_until < $4
                   THEN coalesce(first_reserved_until, reserved_until)
                   ELSE first_reserved_until END
             , reserved_until = $4
             , ask_at = CASE WHEN $5 OR ask_at IS NOT NULL THEN $4 END
         WHERE shard = $1 AND id = $2 AND status IN ('pending_payment', 'payment_failed')
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
        awaiting.payment_method,
        awaiting.until.to_sqlx(),
        awaiting.ask_first,
    )
    .execute(conn)
    .await?
    .one_row("await a payment")
}

pub(crate) async fn ask_at(conn: &mut Connection, order: OrderId, at: Timestamp) -> DbResult<()> {
    sqlx::query!(
        "UPDATE orders.orders SET ask_at = $3 WHERE shard = $1 AND id = $2",
        order.shard().to_i16(),
        order.as_uuid(),
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("ask about an order again")
}

pub(crate) async fn note_paid(
    conn: &mut Connection,
    order: OrderId,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE orders.orders
           SET paid_at = $3
         WHERE shard = $1 AND id = $2 AND paid_at IS NULL
           AND status NOT IN ('pending_payment', 'payment_failed', 'cancelled')
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("note that an order is paid")
}

pub(crate) async fn first_ends(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<HashMap<OrderId, Timestamp>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT o.id, o.first_reserved_until AS "first!: SqlTimestamp"
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, id)
          JOIN orders.orders AS o USING (shard, id)
         WHERE o.first_reserved_until IS NOT NULL
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.first.to_jiff())).collect())
}
