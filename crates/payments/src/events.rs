//! The events this module publishes: its contract with the world. Their subject is the order, so
//! that they keep their place among the order's own events.

use kernel::{Clock, Ids, Money, id::EventId};
use outbox::NewEvent;
use serde_json::{Value, json};

use crate::model::Payment;

/// The money came.
pub const SUCCEEDED: &str = "payment.succeeded";
/// The provider refused.
pub const FAILED: &str = "payment.failed";
/// Money has to go back.
pub const REFUND_REQUESTED: &str = "refund.requested";

/// The event that the money came.
pub fn succeeded(payment: &Payment, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let data = json!({
        "payment_id": payment.id, "order_id": payment.order, "amount": payment.amount,
        "method": payment.method, "provider_trade_no": payment.provider_trade_no,
        "kept": payment.kept,
    });
    event(SUCCEEDED, payment, data, clock, ids)
}

/// The event that the provider refused.
pub fn failed(payment: &Payment, code: i64, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let data = json!({
        "payment_id": payment.id, "order_id": payment.order, "amount": payment.amount,
        "method": payment.method, "provider_code": code,
    });
    event(FAILED, payment, data, clock, ids)
}

/// Whom to tell about a refund.
#[derive(Clone, Copy, Debug)]
pub struct RefundNotice<'a> {
    /// The order's number for people.
    pub number: &'a str,
    /// The buyer's address.
    pub email: &'a str,
    /// The buyer's language.
    pub locale: kernel::Locale,
    /// What goes back.
    pub amount: Money,
    /// Why, as a stable word.
    pub reason: &'a str,
}

/// The event that money has to go back.
pub fn refund_requested(
    payment: &Payment,
    notice: &RefundNotice<'_>,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    let data = json!({
        "payment_id": payment.id, "order_id": payment.order, "number": notice.number,
        "email": notice.email, "locale": notice.locale, "amount": notice.amount,
        "reason": notice.reason,
    });
    event(REFUND_REQUESTED, payment, data, clock, ids)
}

fn event(
    kind: &'static str,
    payment: &Payment,
    data: Value,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    NewEvent {
        id: ids.next::<EventId>(clock),
        shard: payment.order.shard(),
        kind,
        subject: payment.order.as_uuid(),
        data,
        occurred_at: clock.now(),
    }
}
