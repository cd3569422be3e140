//! Every row lock of this module; the order's row is locked before.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::id::{OrderId, PaymentId};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{
    error::PaymentError,
    methods::Method,
    model::Payment,
    sql::{self, PaymentRow, methods::MethodRow},
};

/// Locks one attempt for the rest of the transaction.
pub async fn lock(conn: &mut Connection, payment: PaymentId) -> Result<Payment, PaymentError> {
    let row = sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, merchant_trade_no, provider, method, amount, status
             , provider_trade_no, kept, created_at, paid_at, pay_until, code, card_auth_no
             , received, askable, answered_at
          FROM payments.attempts
         WHERE shard = $1 AND id = $2
           FOR UPDATE
        "#,
        payment.shard().to_i16(),
        payment.as_uuid(),
    )
    .fetch_optional(conn)
    .await
    .map_err(pg::DbError::from)?;
    Ok(sql::payment(row.ok_or(PaymentError::NotFound)?)?)
}

/// Locks the attempt a client's key has begun for an order, if any.
pub async fn lock_by_key(
    conn: &mut Connection,
    order: OrderId,
    key: Uuid,
) -> Result<Option<Payment>, PaymentError> {
    let row = sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, merchant_trade_no, provider, method, amount, status
             , provider_trade_no, kept, created_at, paid_at, pay_until, code, card_auth_no
             , received, askable, answered_at
          FROM payments.attempts
         WHERE shard = $1 AND order_id = $2 AND idempotency_key = $3
           FOR UPDATE
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
        key,
    )
    .fetch_optional(conn)
    .await
    .map_err(pg::DbError::from)?;
    Ok(row.map(sql::payment).transpose()?)
}

/// Locks the open attempts of orders, in the order of their ids.
pub async fn lock_open(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Payment>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT a.id, a.order_id, a.merchant_trade_no, a.provider, a.method, a.amount, a.status
             , a.provider_trade_no, a.kept, a.created_at, a.paid_at, a.pay_until, a.code
             , a.card_auth_no, a.received, a.askable, a.answered_at
          FROM unnest($1::smallint[], $2::uuid[]) AS ended (shard, order_id)
          JOIN payments.attempts AS a USING (shard, order_id)
         WHERE a.status IN ('created', 'pending')
         ORDER BY a.id
           FOR UPDATE OF a
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(sql::payment).collect()
}

/// Claims up to `limit` attempts whose time to be asked about has come, skipping those another node
/// holds; until `lease` nobody else claims them.
pub async fn claim_due(
    conn: &mut Connection,
    now: Timestamp,
    lease: Timestamp,
    limit: i64,
) -> DbResult<Vec<Payment>> {
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"
        WITH due AS MATERIALIZED (
            SELECT shard, id
              FROM payments.attempts
             WHERE next_poll_at <= $1
             ORDER BY next_poll_at
             LIMIT $3
               FOR UPDATE SKIP LOCKED
        )
        UPDATE payments.attempts AS a
           SET next_poll_at = $2
          FROM due
         WHERE a.shard = due.shard AND a.id = due.id
        RETURNING a.id, a.order_id, a.merchant_trade_no, a.provider, a.method, a.amount, a.status
             , a.provider_trade_no, a.kept, a.created_at, a.paid_at, a.pay_until, a.code
             , a.card_auth_no, a.received, a.askable, a.answered_at
        "#,
        now.to_sqlx(),
        lease.to_sqlx(),
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(sql::payment).collect()
}

/// Locks a method of payment, to change it.
pub(crate) async fn lock_method(conn: &mut Connection, code: &str) -> DbResult<Option<Method>> {
    let row = sqlx::query_as!(
        MethodRow,
        r#"
        SELECT code, provider, name_zh, name_en, description_zh, description_en
             , reservation_minutes, grace_minutes, shortest_minutes, min_amount, max_amount
             , instalments, position, active, version
          FROM payments.methods
         WHERE code = $1
           FOR UPDATE
        "#,
        code,
    )
    .fetch_optional(conn)
    .await?;
    row.map(sql::methods::method).transpose()
}
