//! Attempts to pay, as operations look for them.

use jiff::Timestamp;
use jiff_sqlx::Timestamp as SqlTimestamp;
use kernel::{
    Money, PageLimit,
    id::{OrderId, PaymentId},
};
use orders::OrderNumber;
use pg::{Connection, DbResult};
use serde::Serialize;
use sqlx::query;
use tracing::instrument;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    corrupt::{corrupt, money},
    orders::{OrderStatusWord, PaymentStatusWord, read_word},
};

/// An attempt to pay, with its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdminPayment)]
pub struct PaymentView {
    /// Its id.
    pub id: PaymentId,
    /// What it pays.
    pub order_id: OrderId,
    /// The order's number for people.
    #[schema(example = "261121-K7M3-9QWD-2XAB")]
    pub order_number: String,
    /// How far the order has come.
    pub order_status: OrderStatusWord,
    /// How far the attempt has come.
    pub status: PaymentStatusWord,
    /// Who takes the money.
    pub provider: String,
    /// The payment method's code.
    pub method: String,
    /// How much.
    pub amount: Money,
    /// What has come so far, where people of the shop confirm what comes.
    pub received: Money,
    /// Whether its money, if it came, is kept; what is not goes back.
    pub kept: bool,
    /// What the provider knows it by.
    pub merchant_trade_no: String,
    /// The provider's own number.
    #[schema(required)]
    pub provider_trade_no: Option<String>,
    /// The provider's code for a failure.
    #[schema(required)]
    pub failure_code: Option<String>,
    /// The provider's words for a failure.
    #[schema(required)]
    pub failure_message: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Until when it can be paid.
    #[schema(required)]
    pub pay_until: Option<Timestamp>,
    /// When the money came.
    #[schema(required)]
    pub paid_at: Option<Timestamp>,
    /// When the provider last said that it has no money for it.
    #[schema(required)]
    pub answered_at: Option<Timestamp>,
}

/// Which attempts.
#[derive(Clone, Debug, Default)]
pub struct PaymentFilter {
    /// With this status.
    pub status: Option<PaymentStatusWord>,
    /// By this method.
    pub method: Option<String>,
    /// Of this order.
    pub order: Option<OrderId>,
    /// With this at the end of their trade number, in capitals.
    pub reference: Option<String>,
}

/// One row more than a page holds, the newest first. Ids are in the order of time.
#[instrument(name = "db.queries.payments", skip_all, err)]
pub async fn list(
    conn: &mut Connection,
    filter: &PaymentFilter,
    after: Option<Uuid>,
    limit: PageLimit,
) -> DbResult<Vec<PaymentView>> {
    let rows = query!(
        r#"SELECT a.id, a.order_id, a.status, a.provider, a.method, a.amount, a.received, a.kept,
             a.merchant_trade_no, a.provider_trade_no, a.failure_code, a.failure_message,
             a.created_at AS "created_at: SqlTimestamp", a.pay_until AS "pay_until: SqlTimestamp",
             a.paid_at AS "paid_at: SqlTimestamp", a.answered_at AS "answered_at: SqlTimestamp",
             o.status AS order_status
         FROM payments.attempts a
         JOIN orders.orders o ON o.shard = a.shard AND o.id = a.order_id
         WHERE ($1::text IS NULL OR a.status = $1) AND ($2::text IS NULL OR a.method = $2)
           AND ($3::uuid IS NULL OR a.order_id = $3)
           AND ($4::text IS NULL OR right(a.merchant_trade_no, length($4)) = $4)
           AND ($5::uuid IS NULL OR a.id < $5)
         ORDER BY a.id DESC
         LIMIT $6"#,
        filter.status.map(PaymentStatusWord::as_str),
        filter.method.as_deref(),
        filter.order.map(OrderId::as_uuid),
        filter.reference.as_deref(),
        after,
        limit.fetch(),
    )
    .fetch_all(conn)
    .await?;
    let view = rows.into_iter().map(|row| {
        let word = |what: &str| corrupt("payments.attempts", "status", &what);
        Ok(PaymentView {
            id: row.id.into(),
            order_id: row.order_id.into(),
            order_number: OrderNumber::of(row.order_id.into()).to_string(),
            order_status: read_word(&row.order_status).ok_or_else(|| word(&row.order_status))?,
            status: read_word(&row.status).ok_or_else(|| word(&row.status))?,
            provider: row.provider,
            method: row.method,
            amount: money("payments.attempts", "amount", row.amount)?,
            received: money("payments.attempts", "received", row.received)?,
            kept: row.kept,
            merchant_trade_no: row.merchant_trade_no,
            provider_trade_no: row.provider_trade_no,
            failure_code: row.failure_code,
            failure_message: row.failure_message,
            created_at: row.created_at.to_jiff(),
            pay_until: row.pay_until.map(SqlTimestamp::to_jiff),
            paid_at: row.paid_at.map(SqlTimestamp::to_jiff),
            answered_at: row.answered_at.map(SqlTimestamp::to_jiff),
        })
    });
    view.collect()
}
