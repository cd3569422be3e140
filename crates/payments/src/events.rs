//! The events this module publishes: its contract with the world. Their subject is the order, so
//! that they keep their place among the order's own events.

use kernel::{
    Clock, Ids, Locale, Money,
    id::{OrderId, PaymentId},
};
use outbox::NewEvent;
use serde::Serialize;

use crate::model::Payment;

/// The money came.
pub const SUCCEEDED: &str = "payment.succeeded";
/// The provider refused.
pub const FAILED: &str = "payment.failed";
/// Money has to go back.
pub const REFUND_REQUESTED: &str = "refund.requested";

#[derive(Serialize)]
struct Succeeded<'a> {
    payment_id: PaymentId,
    order_id: OrderId,
    amount: Money,
    method: &'a str,
    provider_trade_no: Option<&'a str>,
    kept: bool,
}

/// The event that the money came.
pub fn succeeded(payment: &Payment, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let data = Succeeded {
        payment_id: payment.id,
        order_id: payment.order,
        amount: payment.amount,
        method: &payment.method,
        provider_trade_no: payment.provider_trade_no.as_deref(),
        kept: payment.kept,
    };
    event(SUCCEEDED, payment, &data, clock, ids)
}

#[derive(Serialize)]
struct Failed<'a> {
    payment_id: PaymentId,
    order_id: OrderId,
    amount: Money,
    method: &'a str,
    provider_code: i64,
}

/// The event that the provider refused.
pub fn failed(payment: &Payment, code: i64, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let data = Failed {
        payment_id: payment.id,
        order_id: payment.order,
        amount: payment.amount,
        method: &payment.method,
        provider_code: code,
    };
    event(FAILED, payment, &data, clock, ids)
}

/// Whom to tell about a refund.
#[derive(Clone, Copy, Debug)]
pub struct RefundNotice<'a> {
    /// The order's number for people.
    pub number: &'a str,
    /// The buyer's address.
    pub email: &'a str,
    /// The buyer's language.
    pub locale: Locale,
    /// What goes back.
    pub amount: Money,
    /// Why, as a stable word.
    pub reason: &'a str,
}

#[derive(Serialize)]
struct RefundRequested<'a> {
    payment_id: PaymentId,
    order_id: OrderId,
    number: &'a str,
    email: &'a str,
    locale: Locale,
    amount: Money,
    reason: &'a str,
}

/// The event that money has to go back.
pub fn refund_requested(
    payment: &Payment,
    notice: &RefundNotice<'_>,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    let data = RefundRequested {
        payment_id: payment.id,
        order_id: payment.order,
        number: notice.number,
        email: notice.email,
        locale: notice.locale,
        amount: notice.amount,
        reason: notice.reason,
    };
    event(REFUND_REQUESTED, payment, &data, clock, ids)
}

fn event(
    kind: &'static str,
    payment: &Payment,
    data: &impl Serialize,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    NewEvent::new(kind, payment.order.shard(), payment.order.as_uuid(), data, clock, ids)
}
