//! Every SQL statement of this module but the locks.

pub(crate) mod methods;
pub(crate) mod notices;
pub(crate) mod polling;
pub(crate) mod receipts;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kernel::{
    Actor, Money,
    id::{OrderId, PaymentId},
};
use pg::{Affected, Connection, DbError, DbResult};
use uuid::Uuid;

use crate::{
    code::IssuedCode,
    model::{Payment, PaymentStatus},
    trade_no::TradeNo,
    transition::Settlement,
};

pub(crate) struct PaymentRow {
    pub id: Uuid,
    pub order_id: Uuid,
    pub merchant_trade_no: String,
    pub provider: String,
    pub method: String,
    pub amount: i64,
    pub status: String,
    pub provider_trade_no: Option<String>,
    pub kept: bool,
    pub created_at: SqlTimestamp,
    pub paid_at: Option<SqlTimestamp>,
    pub pay_until: Option<SqlTimestamp>,
    pub code: Option<serde_json::Value>,
    pub card_auth_no: Option<i64>,
    pub received: i64,
    pub askable: bool,
    pub answered_at: Option<SqlTimestamp>,
}

pub(crate) fn payment(row: PaymentRow) -> DbResult<Payment> {
    let corrupt =
        |column, value: String| DbError::Corrupt { table: "payments.attempts", column, value };
    let code = match row.code {
        None => None,
        Some(code) => {
            let read = serde_json::from_value::<IssuedCode>(code);
            Some(read.map_err(|error| corrupt("code", error.to_string()))?)
        }
    };
    Ok(Payment {
        id: row.id.into(),
        order: row.order_id.into(),
        trade_no: TradeNo::parse(&row.merchant_trade_no)
            .ok_or_else(|| corrupt("merchant_trade_no", row.merchant_trade_no))?,
        provider: row.provider,
        method: row.method,
        amount: Money::twd(row.amount).map_err(|_| corrupt("amount", row.amount.to_string()))?,
        status: PaymentStatus::parse(&row.status).ok_or_else(|| corrupt("status", row.status))?,
        provider_trade_no: row.provider_trade_no,
        kept: row.kept,
        created_at: row.created_at.to_jiff(),
        paid_at: row.paid_at.map(SqlTimestamp::to_jiff),
        pay_until: row.pay_until.map(SqlTimestamp::to_jiff),
        code,
        card_auth_no: row.card_auth_no,
        received: Money::twd(row.received)
            .map_err(|_| corrupt("received", row.received.to_string()))?,
        askable: row.askable,
        answered_at: row.answered_at.map(SqlTimestamp::to_jiff),
    })
}

pub(crate) async fn insert(
    conn: &mut Connection,
    payment: &Payment,
    idempotency_key: Uuid,
    next_poll_at: Option<Timestamp>,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO payments.attempts (shard, id, order_id, merchant_trade_no, provider, method
             , amount, currency, status, idempotency_key, created_at, updated_at, pay_until
             , askable, next_poll_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14)
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
        payment.order.as_uuid(),
        payment.trade_no.as_str(),
        payment.provider,
        payment.method,
        payment.amount.amount(),
        payment.amount.currency().code(),
        payment.status.as_str(),
        idempotency_key,
        payment.created_at.to_sqlx(),
        payment.pay_until.map(ToSqlx::to_sqlx) as _,
        payment.askable,
        next_poll_at.map(ToSqlx::to_sqlx) as _,
    )
    .execute(conn)
    .await?
    .one_row("insert a payment")
}

pub(crate) async fn find(conn: &mut Connection, trade_no: &TradeNo) -> DbResult<Option<Payment>> {
    let row = sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, merchant_trade_no, provider, method, amount, status
             , provider_trade_no, kept, created_at, paid_at, pay_until, code, card_auth_no
             , received, askable, answered_at
          FROM payments.attempts
         WHERE shard = $1 AND merchant_trade_no = $2
        "#,
        trade_no.shard().to_i16(),
        trade_no.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(payment).transpose()
}

pub(crate) async fn load(conn: &mut Connection, payment: PaymentId) -> DbResult<Option<Payment>> {
    let row = sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, merchant_trade_no, provider, method, amount, status
             , provider_trade_no, kept, created_at, paid_at, pay_until, code, card_auth_no
             , received, askable, answered_at
          FROM payments.attempts
         WHERE shard = $1 AND id = $2
        "#,
        payment.shard().to_i16(),
        payment.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(self::payment).transpose()
}

pub(crate) async fn of_order(conn: &mut Connection, order: OrderId) -> DbResult<Vec<Payment>> {
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, merchant_trade_no, provider, method, amount, status
             , provider_trade_no, kept, created_at, paid_at, pay_until, code, card_auth_no
             , received, askable, answered_at
          FROM payments.attempts
         WHERE shard = $1 AND order_id = $2
         ORDER BY created_at, id
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(payment).collect()
}

pub(crate) async fn update(
    conn: &mut Connection,
    payment: &Payment,
    from: PaymentStatus,
    settlement: &Settlement<'_>,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE payments.attempts
           SET status = $4, provider_trade_no = $5, kept = $6, paid_at = $7, updated_at = $8
             , failure_code = coalesce($9, failure_code)
             , failure_message = coalesce($10, failure_message)
             , card_auth_no = $11
             , next_poll_at = CASE WHEN $4 = 'succeeded' THEN NULL ELSE next_poll_at END
         WHERE shard = $1 AND id = $2 AND status = $3
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
        from.as_str(),
        payment.status.as_str(),
        payment.provider_trade_no,
        payment.kept,
        payment.paid_at.map(ToSqlx::to_sqlx) as _,
        at.to_sqlx(),
        settlement.failure_code.map(|code| code.to_string()),
        settlement.failure_message,
        payment.card_auth_no,
    )
    .execute(conn)
    .await?
    .one_row("move a payment")
}

pub(crate) async fn insert_transition(
    conn: &mut Connection,
    payment: &Payment,
    from: PaymentStatus,
    actor: Actor,
    reason: Option<&str>,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO payments.transitions (shard, payment_id, seq, from_status, to_status
             , actor_kind, actor_id, reason, occurred_at)
        SELECT $1, $2
             , 1 + (SELECT count(*) FROM payments.transitions
                     WHERE shard = $1 AND payment_id = $2)::smallint
             , $3, $4, $5, $6, $7, $8
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
        from.as_str(),
        payment.status.as_str(),
        actor.kind(),
        actor.user_id().map(kernel::id::UserId::as_uuid),
        reason,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("insert a payment transition")
}
