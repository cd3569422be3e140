//! Paying money back: what is due is claimed and committed as `processing` before the provider is
//! asked, and what the provider said is written down afterwards.
//!
//! The version of the claim is a fence: whoever comes back after their time with an answer finds
//! another version, and somebody else at work.

use jiff::{SignedDuration, Timestamp};
use kernel::Actor;
use pg::{Connection, DbResult};

use super::{
    error::RefundError,
    locks,
    model::{Refund, RefundMove, RefundStatus},
    request, sql,
    transition::{advance, amend},
};
use crate::model::{Payment, PaymentMove};

/// Its name says the rule: one refund of a payment is at the provider at a time.
const ONE_AT_A_TIME: &str = "refunds_one_at_a_time_idx";

/// A refund that the provider is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// As it is now: `processing`.
    pub refund: Refund,
    /// Whether the provider may have been asked before: then it has to be found out what came of it
    /// first.
    pub again: bool,
}

/// Claims the refund that has been due for the longest time, until `lease` is over. Commit before
/// the provider is asked.
pub async fn claim(
    conn: &mut Connection,
    now: Timestamp,
    lease: SignedDuration,
) -> Result<Option<Claim>, RefundError> {
    let Some(due) = locks::claim_due(conn, now).await? else { return Ok(None) };
    let again = due.unclear;
    let begin = |refund: &mut Refund| {
        refund.unclear = true;
        refund.attempts = refund.attempts.saturating_add(1);
        refund.next_attempt_at = Some(now + lease);
    };
    let claimed = match due.status {
        RefundStatus::Approved => {
            advance(conn, &due, RefundMove::Send, (Actor::System, None, now), begin).await
        }
        _ => Ok(amend(conn, &due, now, begin).await?),
    };
    match claimed {
        Ok(refund) => Ok(Some(Claim { refund, again })),
        // Another node was quicker with another refund of the payment.
        Err(error) if is_busy(&error) => Err(RefundError::Busy),
        Err(error) => Err(error),
    }
}

/// Approves one that the previous version of the program requested; whether there was one.
pub async fn adopt(conn: &mut Connection, now: Timestamp) -> Result<bool, RefundError> {
    let Some(found) = locks::claim_unadopted(conn).await? else { return Ok(false) };
    request::approve(conn, &found, (Actor::System, None, now)).await?;
    Ok(true)
}

/// The money went back. The order's, the payment's and the refund's rows are locked.
pub async fn succeed(
    conn: &mut Connection,
    payment: &mut Payment,
    refund: &Refund,
    reference: Option<&str>,
    (actor, reason, at): (Actor, Option<&str>, Timestamp),
) -> Result<Refund, RefundError> {
    let balance = request::balance(conn, payment).await?;
    let done = advance(conn, refund, RefundMove::Succeed, (actor, reason, at), |refund| {
        refund.unclear = false;
        refund.next_attempt_at = None;
        refund.failure = None;
        refund.reference = reference.map(str::to_owned);
    })
    .await?;
    let rest = balance.captured.minus(balance.refunded).and_then(|it| it.minus(refund.amount));
    let left =
        rest.map_err(|_| RefundError::TooMuch { asked: refund.amount, left: balance.left() });
    let whole = left? == kernel::Money::ZERO;
    let asked = if whole { PaymentMove::RefundAll } else { PaymentMove::RefundPart };
    let from = payment.status;
    payment.status = from.after(asked).map_err(crate::error::PaymentError::from)?;
    sql::pay_back(conn, payment, from, refund.amount, at).await?;
    crate::sql::insert_transition(conn, payment, from, actor, Some(&refund.reason), at).await?;
    Ok(done)
}

/// The provider refused for good, or could not be reached for too long; `unclear` when it may have
/// paid all the same.
pub async fn fail(
    conn: &mut Connection,
    refund: &Refund,
    why: &str,
    unclear: bool,
    at: Timestamp,
) -> Result<Refund, RefundError> {
    advance(conn, refund, RefundMove::Fail, (Actor::System, Some(why), at), |refund| {
        refund.unclear = unclear;
        refund.next_attempt_at = None;
        refund.failure = Some(why.to_owned());
    })
    .await
}

/// What a claimed refund waits for, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    /// Why, in a few words.
    pub why: &'a str,
    /// When to ask again.
    pub until: Timestamp,
    /// Whether the provider may have been asked without anybody knowing what came of it.
    pub unclear: bool,
    /// Whether it counts as an attempt.
    pub counts: bool,
}

/// It has to be tried, or asked about, again later.
pub async fn wait(
    conn: &mut Connection,
    refund: &Refund,
    wait: &Wait<'_>,
    at: Timestamp,
) -> DbResult<Refund> {
    amend(conn, refund, at, |refund| {
        refund.unclear = wait.unclear;
        refund.next_attempt_at = Some(wait.until);
        refund.failure = Some(wait.why.to_owned());
        if !wait.counts {
            refund.attempts = refund.attempts.saturating_sub(1);
        }
    })
    .await
}

/// The provider cannot do it: somebody has to transfer the money.
pub async fn hand_over(
    conn: &mut Connection,
    refund: &Refund,
    why: &str,
    at: Timestamp,
) -> DbResult<Refund> {
    amend(conn, refund, at, |refund| {
        refund.by_hand = true;
        refund.unclear = false;
        refund.next_attempt_at = None;
        refund.failure = Some(why.to_owned());
    })
    .await
}

/// One that failed is tried again.
pub async fn retry(
    conn: &mut Connection,
    refund: &Refund,
    (actor, reason, at): (Actor, Option<&str>, Timestamp),
) -> Result<Refund, RefundError> {
    let again = advance(conn, refund, RefundMove::Retry, (actor, reason, at), |refund| {
        refund.attempts = 0;
        refund.by_hand = false;
        refund.next_attempt_at = Some(at);
    });
    match again.await {
        Err(error) if is_busy(&error) => Err(RefundError::Busy),
        done => done,
    }
}

/// Somebody says that the money went back by their hand: where the provider cannot do it, or could
/// not. `reference` shows it: the number of the transfer.
pub async fn confirm(
    conn: &mut Connection,
    payment: &mut Payment,
    refund: &Refund,
    reference: &str,
    (actor, reason, at): (Actor, Option<&str>, Timestamp),
) -> Result<Refund, RefundError> {
    let handed = match refund.status {
        RefundStatus::Failed => {
            let by_hand = |refund: &mut Refund| refund.by_hand = true;
            advance(conn, refund, RefundMove::Retry, (actor, reason, at), by_hand).await?
        }
        RefundStatus::Processing if !refund.by_hand => return Err(RefundError::Busy),
        _ => refund.clone(),
    };
    succeed(conn, payment, &handed, Some(reference), (actor, reason, at)).await
}

fn is_busy(error: &RefundError) -> bool {
    matches!(error, RefundError::Db(error) if error.constraint() == Some(ONE_AT_A_TIME))
}
