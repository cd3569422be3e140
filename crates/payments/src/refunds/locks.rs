//! Every row lock of refunds. Whoever decides about a payment's money locks its order's row and its
//! own before; the workers that claim what is due hold nothing else, and wait for nobody.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::id::RefundId;
use pg::{Connection, DbResult};

use super::{
    error::RefundError,
    model::Refund,
    sql::{self, RefundRow},
};

/// Locks a refund for the rest of the transaction.
pub async fn lock(conn: &mut Connection, id: RefundId) -> Result<Refund, RefundError> {
    let row = sqlx::query_as!(
        RefundRow,
        r#"
        SELECT id, payment_id, order_id, amount, status, version, reason, automatic
             , requested_by_kind, requested_by, by_hand, unclear, attempts
             , next_attempt_at, failure, bank_code, bank_account, bank_holder, reference
             , created_at, ended_at
          FROM payments.refunds
         WHERE shard = $1 AND id = $2
           FOR UPDATE
        "#,
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_optional(&mut *conn)
    .await
    .map_err(pg::DbError::from)?;
    let locked = sql::refund(row.ok_or(RefundError::NotFound)?)?;
    let mut refunds = sql::with_lines(conn, vec![locked]).await?;
    refunds.pop().ok_or(RefundError::NotFound)
}

/// Locks the refund that has been due for the longest time, if no other one of its payment is at the
/// provider or may have reached it; those that somebody holds are passed over.
pub(super) async fn claim_due(conn: &mut Connection, now: Timestamp) -> DbResult<Option<Refund>> {
    let row = sqlx::query_as!(
        RefundRow,
        r#"
        SELECT id, payment_id, order_id, amount, status, version, reason, automatic
             , requested_by_kind, requested_by, by_hand, unclear, attempts
             , next_attempt_at, failure, bank_code, bank_account, bank_holder, reference
             , created_at, ended_at
          FROM payments.refunds AS due
         WHERE status IN ('approved', 'processing') AND next_attempt_at <= $1
           AND NOT EXISTS (
                   SELECT FROM payments.refunds AS other
                    WHERE other.shard = due.shard AND other.payment_id = due.payment_id
                      AND other.id <> due.id
                      AND ((other.status = 'processing' AND NOT other.by_hand)
                           OR (other.status = 'failed' AND other.unclear)))
         ORDER BY next_attempt_at
         LIMIT 1
           FOR UPDATE SKIP LOCKED
        "#,
        now.to_sqlx(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(sql::refund).transpose()
}

/// Locks one that the shop requested by itself and nobody has approved: a program of the previous
/// version wrote it.
pub(super) async fn claim_unadopted(conn: &mut Connection) -> DbResult<Option<Refund>> {
    let row = sqlx::query_as!(
        RefundRow,
        r#"
        SELECT id, payment_id, order_id, amount, status, version, reason, automatic
             , requested_by_kind, requested_by, by_hand, unclear, attempts
             , next_attempt_at, failure, bank_code, bank_account, bank_holder, reference
             , created_at, ended_at
          FROM payments.refunds
         WHERE status = 'requested' AND automatic
         ORDER BY created_at
         LIMIT 1
           FOR UPDATE SKIP LOCKED
        "#,
    )
    .fetch_optional(conn)
    .await?;
    row.map(sql::refund).transpose()
}
