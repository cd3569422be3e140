//! The events this module publishes: its contract with the world. Their subject is the order, so
//! that they keep their place among the order's own events.

use jiff::Timestamp;
use kernel::{
    Clock, Ids, Locale, Money,
    id::{OrderId, PaymentId},
};
use outbox::NewEvent;
use serde::Serialize;

use crate::{code::IssuedCode, model::Payment};

/// The money came.
pub const SUCCEEDED: &str = "payment.succeeded";
/// The provider refused.
pub const FAILED: &str = "payment.failed";
/// The buyer has a code to pay by.
pub const CODE_ISSUED: &str = "payment.code_issued";
/// Nobody could find out whether an attempt was paid, and its order was ended all the same.
pub const UNANSWERED: &str = "payment.unanswered";

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

/// Whom to tell about an attempt.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Told<'a> {
    /// The order's number for people.
    pub number: &'a str,
    /// The buyer's address.
    pub email: &'a str,
    /// The buyer's language.
    pub locale: Locale,
    /// The order's page; it opens to whoever has the address.
    pub order_url: &'a str,
}

#[derive(Serialize)]
struct Failed<'a> {
    payment_id: PaymentId,
    order_id: OrderId,
    amount: Money,
    method: &'a str,
    provider_code: i64,
    #[serde(flatten)]
    told: Told<'a>,
}

/// The event that the provider refused.
pub fn failed(
    payment: &Payment,
    code: i64,
    told: Told<'_>,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    let data = Failed {
        payment_id: payment.id,
        order_id: payment.order,
        amount: payment.amount,
        method: &payment.method,
        provider_code: code,
        told,
    };
    event(FAILED, payment, &data, clock, ids)
}

#[derive(Serialize)]
struct CodeIssued<'a> {
    payment_id: PaymentId,
    order_id: OrderId,
    amount: Money,
    method: &'a str,
    code: &'a IssuedCode,
    #[serde(flatten)]
    told: Told<'a>,
}

/// The event that the buyer has a code to pay by.
pub fn code_issued(
    payment: &Payment,
    code: &IssuedCode,
    told: Told<'_>,
    clock: &dyn Clock,
    ids: &Ids,
) -> NewEvent {
    let data = CodeIssued {
        payment_id: payment.id,
        order_id: payment.order,
        amount: payment.amount,
        method: &payment.method,
        code,
        told,
    };
    event(CODE_ISSUED, payment, &data, clock, ids)
}

#[derive(Serialize)]
struct Unanswered<'a> {
    payment_id: PaymentId,
    order_id: OrderId,
    number: &'a str,
    amount: Money,
    received: Money,
    method: &'a str,
    merchant_trade_no: &'a str,
    answered_at: Option<Timestamp>,
}

/// The event that an order was ended although nobody could find out whether this attempt was paid, or
/// although a part of its money is there. A person has to look.
pub fn unanswered(payment: &Payment, number: &str, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let data = Unanswered {
        payment_id: payment.id,
        order_id: payment.order,
        number,
        amount: payment.amount,
        received: payment.received,
        method: &payment.method,
        merchant_trade_no: payment.trade_no.as_str(),
        answered_at: payment.answered_at,
    };
    event(UNANSWERED, payment, &data, clock, ids)
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
