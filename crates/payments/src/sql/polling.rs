//! Statements about asking the provider, and about what it answered.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use pg::{Affected, Connection, DbError, DbResult};

use crate::{code::IssuedCode, model::Payment};

/// Writes down when an attempt is asked about next.
pub(crate) async fn schedule(
    conn: &mut Connection,
    payment: &Payment,
    next: Option<Timestamp>,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE payments.attempts
           SET next_poll_at = $3
         WHERE shard = $1 AND id = $2 AND status <> 'succeeded'
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
        next.map(ToSqlx::to_sqlx) as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes down that the provider has no money for an attempt.
pub(crate) async fn answered(
    conn: &mut Connection,
    payment: &Payment,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE payments.attempts
           SET answered_at = greatest(answered_at, $3)
         WHERE shard = $1 AND id = $2
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("note an answer")
}

/// Keeps the code that was issued for an attempt, and asks about it anew from `next` on.
pub(crate) async fn keep_code(
    conn: &mut Connection,
    payment: &Payment,
    code: &IssuedCode,
    provider_trade_no: Option<&str>,
    next: Option<Timestamp>,
    at: Timestamp,
) -> DbResult<()> {
    let written = serde_json::to_value(code).map_err(|error| DbError::Corrupt {
        table: "payments.attempts",
        column: "code",
        value: error.to_string(),
    })?;
    sqlx::query!(
        r#"
        UPDATE payments.attempts
           SET code = $3, provider_trade_no = coalesce($4, provider_trade_no), next_poll_at = $5
             , updated_at = $6
         WHERE shard = $1 AND id = $2
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
        written,
        provider_trade_no,
        next.map(ToSqlx::to_sqlx) as _,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("keep a payment code")
}
