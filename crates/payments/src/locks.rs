//! Every row lock of this module; the order's row is locked before.

use kernel::id::{OrderId, PaymentId};
use pg::Connection;
use uuid::Uuid;

use crate::{
    error::PaymentError,
    model::Payment,
    sql::{self, PaymentRow},
};

/// Locks one attempt for the rest of the transaction.
pub async fn lock(conn: &mut Connection, payment: PaymentId) -> Result<Payment, PaymentError> {
    let row = sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, merchant_trade_no, provider, method, amount, status
             , provider_trade_no, kept, created_at, paid_at
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
             , provider_trade_no, kept, created_at, paid_at
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
