//! Refunds as the back office sees them.

use axum::{
    Json,
    http::{HeaderName, HeaderValue},
};
use jiff::Timestamp;
use kernel::{
    Money,
    id::{OrderId, PaymentId, RefundId, UserId},
};
use orders::OrderNumber;
use payments::refunds::{self, Refund, RefundStatus, RefundStep};
use pg::{Connection, DbResult};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{kit::etag, storefront::orders::refunds::view::RefundLineView};

/// A refund with its version as the `ETag`.
pub type Tagged = ([(HeaderName, HeaderValue); 1], Json<RefundView>);

/// A refund without its history.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundHead {
    /// Its id.
    pub id: RefundId,
    /// Of which order.
    pub order_id: OrderId,
    /// The order's number for people.
    #[schema(example = "261121-K7M3-9QWD-2XAB")]
    pub order_number: String,
    /// Of which payment.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Money,
    /// How far it has come.
    #[schema(value_type = String, example = "requested")]
    pub status: RefundStatus,
    /// Counts its changes: the `ETag`.
    pub version: i64,
    /// Why.
    pub reason: String,
    /// Whether the shop requested it by itself.
    pub automatic: bool,
    /// What kind of author requested it: `guest`, `customer`, `staff`, `system`.
    #[schema(example = "customer")]
    pub requested_by_kind: String,
    /// Who requested it.
    #[schema(required)]
    pub requested_by: Option<UserId>,
    /// Whether somebody has to transfer the money.
    pub by_hand: bool,
    /// Whether the provider may have paid it back without our knowing yet.
    pub unclear: bool,
    /// How often the provider was asked.
    pub attempts: u16,
    /// When it is asked (again).
    #[schema(required)]
    pub next_attempt_at: Option<Timestamp>,
    /// Why it failed, or what it waits for.
    #[schema(required)]
    pub failure: Option<String>,
    /// What shows that the money went.
    #[schema(required)]
    pub reference: Option<String>,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it succeeded or was rejected.
    #[schema(required)]
    pub ended_at: Option<Timestamp>,
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundView {
    /// Its head.
    #[serde(flatten)]
    pub head: RefundHead,
    /// What of which line; empty for a refund of an amount.
    pub lines: Vec<RefundLineView>,
    /// Where a transfer goes.
    #[schema(required)]
    pub account: Option<RefundAccountView>,
    /// What happened to it, the first thing first.
    pub history: Vec<RefundStepView>,
}

/// Where a transfer goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundAccount)]
pub struct RefundAccountView {
    /// The bank's number.
    pub bank_code: String,
    /// The account's number.
    pub account_number: String,
    /// Whose it is.
    pub holder: String,
}

/// A step in the life of a refund.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundStep)]
pub struct RefundStepView {
    /// When.
    pub at: Timestamp,
    /// From where.
    #[schema(value_type = String, example = "requested")]
    pub from: RefundStatus,
    /// To where.
    #[schema(value_type = String, example = "approved")]
    pub to: RefundStatus,
    /// What kind of author.
    #[schema(example = "staff")]
    pub actor_kind: String,
    /// Who.
    #[schema(required)]
    pub actor_id: Option<UserId>,
    /// Why.
    #[schema(required)]
    pub reason: Option<String>,
}

impl From<&Refund> for RefundHead {
    fn from(refund: &Refund) -> Self {
        Self {
            id: refund.id,
            order_id: refund.order,
            order_number: OrderNumber::of(refund.order).to_string(),
            payment_id: refund.payment,
            amount: refund.amount,
            status: refund.status,
            version: refund.version,
            reason: refund.reason.clone(),
            automatic: refund.automatic,
            requested_by_kind: refund.requested_by.kind().to_owned(),
            requested_by: refund.requested_by.user_id(),
            by_hand: refund.by_hand,
            unclear: refund.unclear,
            attempts: refund.attempts,
            next_attempt_at: refund.next_attempt_at,
            failure: refund.failure.clone(),
            reference: refund.reference.clone(),
            created_at: refund.created_at,
            ended_at: refund.ended_at,
        }
    }
}

impl From<RefundStep> for RefundStepView {
    fn from(step: RefundStep) -> Self {
        let RefundStep { from, to, actor_kind, actor_id, reason, at } = step;
        Self { at, from, to, actor_kind, actor_id, reason }
    }
}

/// A refund with its history.
pub async fn view(conn: &mut Connection, refund: &Refund) -> DbResult<RefundView> {
    let steps = refunds::steps(conn, refund.id).await?;
    Ok(RefundView {
        head: refund.into(),
        lines: refund.lines.iter().map(RefundLineView::from).collect(),
        account: refund.account.as_ref().map(|account| RefundAccountView {
            bank_code: account.bank_code.clone(),
            account_number: account.number.clone(),
            holder: account.holder.clone(),
        }),
        history: steps.into_iter().map(RefundStepView::from).collect(),
    })
}

/// The same as an answer.
pub async fn tagged(conn: &mut Connection, refund: &Refund) -> DbResult<Tagged> {
    Ok((etag(refund.version), Json(view(conn, refund).await?)))
}
