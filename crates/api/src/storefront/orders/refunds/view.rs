//! Refunds as buyers see them.

use jiff::Timestamp;
use kernel::{Actor, Money, id::RefundId};
use payments::refunds::{Refund, RefundAccount, RefundLine, RefundStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// Units of a line that are given back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundLine)]
pub struct RefundLineView {
    /// Which line of the order.
    pub line_no: i16,
    /// How many units of it.
    pub quantity: u32,
    /// What they cost, less their share of the discount.
    pub amount: Money,
}

impl From<&RefundLine> for RefundLineView {
    fn from(line: &RefundLine) -> Self {
        Self { line_no: line.line_no, quantity: line.quantity.get(), amount: line.amount }
    }
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderRefund)]
pub struct OrderRefundView {
    /// Its id.
    pub id: RefundId,
    /// How far it has come: `requested`, `approved`, `processing`, `succeeded`, `failed` (somebody
    /// looks into it), `rejected`.
    #[schema(value_type = String, example = "processing")]
    pub status: RefundStatus,
    /// How much.
    pub amount: Money,
    /// Why: what was written with the request, or a word of the shop's own, like `paid_twice`.
    pub reason: String,
    /// Whether the shop gives it back without being asked.
    pub automatic: bool,
    /// What of which line; empty for a refund of an amount.
    pub lines: Vec<RefundLineView>,
    /// Whether the money is transferred to a bank account.
    pub by_transfer: bool,
    /// Whether the shop needs to know to which account: `PUT …/refunds/{refund_id}/account`.
    pub account_needed: bool,
    /// The end of the account's number, if one is known.
    #[schema(required)]
    pub account: Option<String>,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When the money went back, or it was rejected.
    #[schema(required)]
    pub ended_at: Option<Timestamp>,
}

impl From<&Refund> for OrderRefundView {
    fn from(refund: &Refund) -> Self {
        // What people of the shop wrote is for people of the shop.
        let own_words = matches!(refund.requested_by, Actor::Staff(_));
        let reason = if own_words { String::new() } else { refund.reason.clone() };
        Self {
            id: refund.id,
            status: refund.status,
            amount: refund.amount,
            reason,
            automatic: refund.automatic,
            lines: refund.lines.iter().map(RefundLineView::from).collect(),
            by_transfer: refund.by_hand,
            account_needed: refund.by_hand && !refund.status.is_over() && refund.account.is_none(),
            account: refund.account.as_ref().map(RefundAccount::masked),
            created_at: refund.created_at,
            ended_at: refund.ended_at,
        }
    }
}

/// The refunds of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderRefunds)]
pub struct OrderRefundsView {
    /// The oldest first.
    pub items: Vec<OrderRefundView>,
}
