//! A day's comparison as the back office sees it.

use jiff::{Timestamp, civil::Date};
use kernel::id::{OrderId, PaymentId};
use payments::reconciliation::{Difference, DifferenceKind, Reconciliation, ReconciliationStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// Something in which the books differ.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReconciliationDifference)]
pub struct DifferenceView {
    /// In what: `missing_at_ours`, `missing_at_theirs`, `amount`, `status`, `refunded`, `fee`.
    #[schema(value_type = String, example = "amount")]
    pub kind: DifferenceKind,
    /// What the provider knows the payment by.
    pub merchant_trade_no: String,
    /// The payment, if we know it.
    #[schema(required)]
    pub payment_id: Option<PaymentId>,
    /// Its order.
    #[schema(required)]
    pub order_id: Option<OrderId>,
    /// What our books say.
    #[schema(required)]
    pub ours: Option<String>,
    /// What the provider's say.
    #[schema(required)]
    pub theirs: Option<String>,
}

/// A day's comparison.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reconciliation)]
pub struct ReconciliationView {
    /// With whose statements.
    #[schema(example = "ecpay")]
    pub provider: String,
    /// Of which day, in Taipei.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// How far it has come: `asked`, `running`, `done`, `failed` (it is tried again).
    #[schema(value_type = String, example = "done")]
    pub status: ReconciliationStatus,
    /// When it was last begun, or asked for.
    pub started_at: Timestamp,
    /// When it was last done; what follows is of then.
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
    /// Times it could not be done since.
    pub failures: u16,
    /// Why it could not be done the last time.
    #[schema(required)]
    pub failure: Option<String>,
    /// Payments of the day in our books.
    pub ours: i32,
    /// Rows of the provider's statements.
    pub theirs: i32,
    /// What differs. Each became a task.
    pub differences: Vec<DifferenceView>,
}

impl From<Difference> for DifferenceView {
    fn from(it: Difference) -> Self {
        let Difference { kind, merchant_trade_no, payment_id, order_id, ours, theirs } = it;
        Self { kind, merchant_trade_no, payment_id, order_id, ours, theirs }
    }
}

impl From<Reconciliation> for ReconciliationView {
    fn from(it: Reconciliation) -> Self {
        Self {
            provider: it.provider,
            day: it.day,
            status: it.status,
            started_at: it.started_at,
            finished_at: it.finished_at,
            failures: it.failures,
            failure: it.failure,
            ours: it.ours,
            theirs: it.theirs,
            differences: it.differences.into_iter().map(DifferenceView::from).collect(),
        }
    }
}
