//! Tasks as the back office sees them.

use axum::{
    Json,
    http::{HeaderName, HeaderValue},
};
use jiff::Timestamp;
use kernel::id::{OrderId, PaymentId, PaymentTaskId, RefundId, UserId};
use payments::tasks::{PaymentTask, TaskKind, TaskResolution, TaskStatus};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::kit::etag;

/// A task with its version as the `ETag`.
pub type Tagged = ([(HeaderName, HeaderValue); 1], Json<PaymentTaskView>);

/// Something about payments that a person has to look at, or has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentTask)]
pub struct PaymentTaskView {
    /// Its id.
    pub id: PaymentTaskId,
    /// What has to be looked at: `reconciliation_difference`, `bank_transfer_refund`,
    /// `refund_failed`, `provider_unreachable`.
    #[schema(value_type = String, example = "bank_transfer_refund")]
    pub kind: TaskKind,
    /// What it is about, in words of its kind.
    pub reference: String,
    /// The order it is about.
    #[schema(required)]
    pub order_id: Option<OrderId>,
    /// The payment it is about.
    #[schema(required)]
    pub payment_id: Option<PaymentId>,
    /// The refund it is about.
    #[schema(required)]
    pub refund_id: Option<RefundId>,
    /// What somebody needs to know about it.
    #[schema(value_type = Object)]
    pub details: Value,
    /// `open` or `resolved`.
    #[schema(value_type = String, example = "open")]
    pub status: TaskStatus,
    /// Counts its changes: the `ETag`.
    pub version: i64,
    /// How it was dealt with: `taken_as_paid`, `refunded`, `accepted`, `done`.
    #[schema(value_type = Option<String>, required)]
    pub resolution: Option<TaskResolution>,
    /// Why, in the person's words.
    #[schema(required)]
    pub note: Option<String>,
    /// What kind of author resolved it.
    #[schema(required)]
    pub resolved_by_kind: Option<String>,
    /// Who resolved it.
    #[schema(required)]
    pub resolved_by: Option<UserId>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was resolved.
    #[schema(required)]
    pub resolved_at: Option<Timestamp>,
}

impl From<PaymentTask> for PaymentTaskView {
    fn from(task: PaymentTask) -> Self {
        Self {
            id: task.id,
            kind: task.kind,
            reference: task.reference,
            order_id: task.order,
            payment_id: task.payment,
            refund_id: task.refund,
            details: task.details,
            status: task.status,
            version: task.version,
            resolution: task.resolution,
            note: task.note,
            resolved_by_kind: task.resolved_by_kind,
            resolved_by: task.resolved_by,
            created_at: task.created_at,
            resolved_at: task.resolved_at,
        }
    }
}

/// A task as an answer.
pub fn tagged(task: PaymentTask) -> Tagged {
    (etag(task.version), Json(task.into()))
}
