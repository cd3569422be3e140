//! Asking for money back, and deciding about it. The order's and the payment's rows are locked.

use jiff::Timestamp;
use kernel::{
    Actor, Clock, Ids, Money,
    id::{OrderId, PaymentId, RefundId},
};
use pg::{Connection, DbResult};
use uuid::Uuid;

use super::{
    error::RefundError,
    model::{
        AutomaticRefund, Refund, RefundAccount, RefundBalance, RefundLine, RefundMove, RefundStatus,
    },
    sql,
    transition::{advance, amend},
};
use crate::model::Payment;

/// A client's key for a request, and what was asked with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The key, made unique for its purpose.
    pub key: Uuid,
    /// SHA-256 of what was asked.
    pub fingerprint: [u8; 32],
}

/// Money that is to go back.
#[derive(Clone, Debug)]
pub struct NewRefund<'a> {
    /// How much.
    pub amount: Money,
    /// Why: a stable word, or what somebody wrote.
    pub reason: &'a str,
    /// Whether the shop asks by itself: it is approved at once.
    pub automatic: bool,
    /// What of which line; their amounts are the amount, or there are none.
    pub lines: Vec<RefundLine>,
    /// Where a transfer would go.
    pub account: Option<RefundAccount>,
    /// The client's key.
    pub key: Option<RequestKey>,
}

/// Requests that some or all of a payment goes back: never more than is left of it. What the shop
/// asks by itself is approved at once.
///
/// # Panics
/// When lines are given that do not add up to the amount.
pub async fn request(
    conn: &mut Connection,
    payment: &Payment,
    new: NewRefund<'_>,
    actor: Actor,
    (clock, ids): (&dyn Clock, &Ids),
) -> Result<Refund, RefundError> {
    let lines = Money::sum(new.lines.iter().map(|line| line.amount));
    assert!(new.lines.is_empty() || lines == Ok(new.amount), "the lines are not the amount");
    let left = balance(conn, payment).await?.left();
    if new.amount == Money::ZERO || new.amount > left {
        return Err(RefundError::TooMuch { asked: new.amount, left });
    }
    let now = clock.now();
    let refund = Refund {
        id: ids.next_on::<RefundId>(clock, payment.order.shard()),
        payment: payment.id,
        order: payment.order,
        amount: new.amount,
        status: RefundStatus::Requested,
        version: 1,
        reason: new.reason.to_owned(),
        automatic: new.automatic,
        requested_by: actor,
        by_hand: false,
        unclear: false,
        attempts: 0,
        next_attempt_at: None,
        failure: None,
        account: new.account,
        reference: None,
        created_at: now,
        ended_at: None,
        lines: new.lines,
    };
    sql::insert(conn, &refund, new.key.as_ref()).await?;
    if !refund.automatic {
        return Ok(refund);
    }
    approve(conn, &refund, (Actor::System, None, now)).await
}

/// All of a payment goes back without anybody asking: it came too late, or twice.
pub async fn request_automatic(
    conn: &mut Connection,
    payment: &Payment,
    why: AutomaticRefund,
    clock: &dyn Clock,
    ids: &Ids,
) -> Result<Refund, RefundError> {
    let new = NewRefund {
        amount: payment.amount,
        reason: why.as_str(),
        automatic: true,
        lines: Vec::new(),
        account: None,
        key: None,
    };
    request(conn, payment, new, Actor::System, (clock, ids)).await
}

/// The money goes back: the provider is asked as soon as a worker gets to it.
pub async fn approve(
    conn: &mut Connection,
    refund: &Refund,
    (actor, reason, at): (Actor, Option<&str>, Timestamp),
) -> Result<Refund, RefundError> {
    let due = |refund: &mut Refund| refund.next_attempt_at = Some(at);
    advance(conn, refund, RefundMove::Approve, (actor, reason, at), due).await
}

/// The money stays.
pub async fn reject(
    conn: &mut Connection,
    refund: &Refund,
    (actor, reason, at): (Actor, &str, Timestamp),
) -> Result<Refund, RefundError> {
    advance(conn, refund, RefundMove::Reject, (actor, Some(reason), at), |_| ()).await
}

/// Where a transfer is to go, as long as the money has not gone.
pub async fn set_account(
    conn: &mut Connection,
    refund: &Refund,
    account: RefundAccount,
    at: Timestamp,
) -> Result<Refund, RefundError> {
    if refund.status.is_over() {
        // The machine's own words for it: nothing can be sent any more.
        refund.status.after(RefundMove::Send)?;
    }
    Ok(amend(conn, refund, at, |refund| refund.account = Some(account)).await?)
}

/// What a locked payment has brought, and what of it goes or went back.
pub async fn balance(conn: &mut Connection, payment: &Payment) -> DbResult<RefundBalance> {
    sql::balance(conn, payment).await
}

/// What the provider has paid back of a payment; what people transferred is not counted.
pub async fn paid_by_provider(conn: &mut Connection, payment: PaymentId) -> DbResult<Money> {
    sql::paid_by_provider(conn, payment).await
}

/// Units of lines that a locked payment's refunds give back, those that were rejected left out.
pub async fn lines_taken(conn: &mut Connection, payment: &Payment) -> DbResult<Vec<(i16, i64)>> {
    sql::lines_taken(conn, payment.id).await
}

/// The refund a client's key has requested for an order, with the fingerprint of what was asked.
pub async fn find_by_key(
    conn: &mut Connection,
    order: OrderId,
    key: Uuid,
) -> DbResult<Option<(RefundId, Vec<u8>)>> {
    sql::find_by_key(conn, order, key).await
}
