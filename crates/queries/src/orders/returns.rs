//! Returns of an order.

use jiff::Timestamp;
use kernel::id::{OrderId, RefundId, ReturnId};
use serde::Serialize;
use shipping::{Return, returns::ReturnLine};
use utoipa::ToSchema;

use super::{ReturnCauseWord, ReturnStatusWord};

/// Units of a line that come back; of a bundle's line, whole bundles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReturnLine)]
pub struct ReturnLineView {
    /// Which line of the order.
    pub line_no: i16,
    /// What is to come back.
    pub quantity: i32,
    /// What came.
    pub received: i32,
    /// Of these: in good order, on sale again.
    pub restocked: i32,
    /// Accepted, and not to be sold.
    pub written_off: i32,
    /// Not accepted: they go back to the customer.
    pub refused: i32,
    /// What the inspection found.
    #[schema(required)]
    pub finding: Option<String>,
}

/// Goods that come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnView {
    /// Its id.
    pub id: ReturnId,
    /// Whose units they are.
    pub order_id: OrderId,
    /// 1, 2, 3, … of its order.
    pub number: i16,
    /// How far it has come.
    pub status: ReturnStatusWord,
    /// Why, in a word.
    pub cause: ReturnCauseWord,
    /// Why, in the customer's words.
    pub reason: String,
    /// What the customer is told about the decision.
    #[schema(required)]
    pub answer: Option<String>,
    /// What goes back for it.
    #[schema(required)]
    pub refund_id: Option<RefundId>,
    /// Counts its changes: the `ETag`.
    pub version: i64,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it ended.
    #[schema(required)]
    pub closed_at: Option<Timestamp>,
    /// Which lines.
    pub lines: Vec<ReturnLineView>,
    /// How many pictures the customer added, numbered from 1.
    pub pictures: u32,
}

impl From<&ReturnLine> for ReturnLineView {
    fn from(line: &ReturnLine) -> Self {
        Self {
            line_no: line.line_no,
            quantity: line.quantity,
            received: line.received,
            restocked: line.restocked,
            written_off: line.written_off,
            refused: line.refused,
            finding: line.finding.clone(),
        }
    }
}

impl From<&Return> for ReturnView {
    fn from(back: &Return) -> Self {
        Self {
            id: back.id,
            order_id: back.order,
            number: back.number,
            status: back.status.into(),
            cause: back.cause.into(),
            reason: back.reason.clone(),
            answer: back.answer.clone(),
            refund_id: back.refund,
            version: back.version,
            requested_at: back.requested_at,
            closed_at: back.closed_at,
            lines: back.lines.iter().map(ReturnLineView::from).collect(),
            pictures: u32::try_from(back.pictures.len()).unwrap_or(0),
        }
    }
}
