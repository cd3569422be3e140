//! The events about refunds. Their subject is the order, so that they keep their place among its own.

use kernel::{
    Clock, Ids, Money,
    id::{OrderId, PaymentId, RefundId},
};
use outbox::NewEvent;
use serde::Serialize;

use super::model::Refund;
use crate::events::Told;

/// Money is to go back.
pub const REQUESTED: &str = "refund.requested";
/// It went back.
pub const SUCCEEDED: &str = "refund.succeeded";
/// It could not be paid back; somebody looks into it.
pub const FAILED: &str = "refund.failed";

/// Data of `refund.requested`, `refund.succeeded` and `refund.failed`.
#[derive(Serialize)]
struct RefundData<'a> {
    refund_id: RefundId,
    payment_id: PaymentId,
    order_id: OrderId,
    amount: Money,
    reason: &'a str,
    automatic: bool,
    by_hand: bool,
    #[serde(flatten)]
    told: Told<'a>,
}

/// One of the events of this file about a refund.
pub fn event(
    kind: &'static str,
    refund: &Refund,
    told: Told<'_>,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    let data = RefundData {
        refund_id: refund.id,
        payment_id: refund.payment,
        order_id: refund.order,
        amount: refund.amount,
        reason: &refund.reason,
        automatic: refund.automatic,
        by_hand: refund.by_hand,
        told,
    };
    NewEvent::new(kind, refund.order.shard(), refund.order.as_uuid(), &data, clock, ids)
}
