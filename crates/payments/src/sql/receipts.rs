//! Statements about money that operations saw come in.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kernel::Money;
use pg::{Affected, Connection, DbError, DbResult};
use uuid::Uuid;

use crate::{model::Payment, receipts::Receipt};

pub(crate) async fn of(conn: &mut Connection, payment: &Payment) -> DbResult<Vec<Receipt>> {
    let rows = sqlx::query!(
        r#"
        SELECT idempotency_key, amount, reference, received_at AS "received_at: SqlTimestamp"
          FROM payments.receipts
         WHERE shard = $1 AND payment_id = $2
         ORDER BY seq
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Receipt {
                key: row.idempotency_key,
                amount: Money::twd(row.amount).map_err(|_| DbError::Corrupt {
                    table: "payments.receipts",
                    column: "amount",
                    value: row.amount.to_string(),
                })?,
                reference: row.reference,
                received_at: row.received_at.to_jiff(),
            })
        })
        .collect()
}

pub(crate) async fn insert(
    conn: &mut Connection,
    payment: &Payment,
    receipt: &Receipt,
    actor: Option<Uuid>,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO payments.receipts (shard, payment_id, seq, idempotency_key, amount, currency
             , reference, actor_id, received_at)
        SELECT $1, $2
             , 1 + (SELECT count(*) FROM payments.receipts
                     WHERE shard = $1 AND payment_id = $2)::smallint
             , $3, $4, $5, $6, $7, $8
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
        receipt.key,
        receipt.amount.amount(),
        receipt.amount.currency().code(),
        receipt.reference,
        actor,
        receipt.received_at.to_sqlx(),
    )
    .execute(&mut *conn)
    .await?
    .one_row("insert a receipt")?;
    sqlx::query!(
        r#"
        UPDATE payments.attempts
           SET received = received + $3, updated_at = $4
         WHERE shard = $1 AND id = $2 AND received + $3 <= amount
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
        receipt.amount.amount(),
        receipt.received_at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("count a receipt")
}
