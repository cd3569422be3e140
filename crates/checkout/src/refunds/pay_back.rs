//! Writing down what a provider made of a refund.

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, later};
use orders::Order;
use payments::{
    provider::{ProviderError, RefundAnswer},
    refunds::{self, Claim, Refund, RefundStatus, Wait, events},
    tasks::{self, NewTask, TaskKind},
};
use pg::{Connection, DbError};
use serde_json::json;

use super::{decide::lock_all, work::pause_after};
use crate::{Checkout, error::CheckoutError};

/// Who what the provider said is credited to.
const PROVIDER: Actor = Actor::PaymentProvider;
/// After so many attempts in vain, about a day, people look into it.
const ATTEMPTS: u16 = 12;
/// How soon it is asked again what may have been paid: what it says of itself may lag behind.
const UNCLEAR_PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// How soon a provider is asked again that has not paid yet.
const PENDING_PAUSE: SignedDuration = SignedDuration::from_mins(15);
/// How long it may not have paid yet.
const PENDING_MOST: SignedDuration = SignedDuration::from_hours(5 * 24);

/// What becomes of a claimed refund.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// The money went back.
    Succeeded,
    /// It is asked again, or asked about, at that time.
    Wait { until: Timestamp, unclear: bool, counts: bool, why: String },
    /// Somebody transfers it.
    ByHand { why: String },
    /// People look into it.
    Failed { kind: TaskKind, unclear: bool, why: String },
}

impl Checkout {
    /// Writes down what a provider made of a claimed refund, unless somebody else has claimed it
    /// since.
    pub(super) async fn try_note_refund(
        &self,
        claim: &Claim,
        answer: &Result<RefundAnswer, ProviderError>,
    ) -> Result<(), CheckoutError> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let (mut order, mut payment, refund) = lock_all(&mut tx, claim.refund.id).await?;
        if refund.status != RefundStatus::Processing || refund.version != claim.refund.version {
            tracing::warn!(refund.id = %refund.id, "an answer about a refund came too late");
            return Ok(());
        }
        match self.outcome(claim, answer, now) {
            Outcome::Succeeded => {
                let by = (PROVIDER, None, now);
                let reference = payment.provider_trade_no.clone();
                let reference = reference.as_deref();
                let done = refunds::succeed(&mut tx, &mut payment, &refund, reference, by).await?;
                self.after_refund(&mut tx, &mut order, &payment, &done, PROVIDER).await?;
            }
            Outcome::Wait { until, unclear, counts, why } => {
                let wait = Wait { why: &why, until, unclear, counts };
                refunds::wait(&mut tx, &refund, &wait, now).await?;
            }
            Outcome::ByHand { why } => {
                let handed = refunds::hand_over(&mut tx, &refund, &why, now).await?;
                let kind = TaskKind::BankTransferRefund;
                self.open_refund_task(&mut tx, kind, &order, &handed, &why).await?;
            }
            Outcome::Failed { kind, unclear, why } => {
                let failed = refunds::fail(&mut tx, &refund, &why, unclear, now).await?;
                self.open_refund_task(&mut tx, kind, &order, &failed, &why).await?;
                let event = self.refund_event(events::FAILED, &order, &failed);
                outbox::append(&mut tx, &[event]).await?;
            }
        }
        tx.commit().await.map_err(DbError::from)?;
        Ok(())
    }

    fn outcome(
        &self,
        claim: &Claim,
        answer: &Result<RefundAnswer, ProviderError>,
        now: Timestamp,
    ) -> Outcome {
        let refund = &claim.refund;
        let given_up = refund.attempts >= ATTEMPTS;
        let again = later(now, pause_after(refund.attempts, &self.ids));
        let wait = |unclear, why: &ProviderError| {
            let why = why.to_string();
            if given_up {
                return Outcome::Failed { kind: TaskKind::ProviderUnreachable, unclear, why };
            }
            let soonest = later(now, if unclear { UNCLEAR_PAUSE } else { SignedDuration::ZERO });
            Outcome::Wait { until: again.max(soonest), unclear, counts: true, why }
        };
        match answer {
            Ok(RefundAnswer::Done) => Outcome::Succeeded,
            Ok(RefundAnswer::ByHand { reason }) => Outcome::ByHand { why: reason.clone() },
            Ok(RefundAnswer::Refused { code, message }) => Outcome::Failed {
                kind: TaskKind::RefundFailed,
                unclear: false,
                why: format!("{code} {message}"),
            },
            Ok(RefundAnswer::Pending) if now.duration_since(refund.created_at) > PENDING_MOST => {
                let why = "the provider has not paid it back for days".to_owned();
                Outcome::Failed { kind: TaskKind::RefundFailed, unclear: true, why }
            }
            Ok(RefundAnswer::Pending) => Outcome::Wait {
                until: later(now, PENDING_PAUSE),
                unclear: true,
                counts: false,
                why: "the provider has not paid it back yet".to_owned(),
            },
            // It surely has not heard of it this time; of an earlier time nobody knows still.
            Err(error @ ProviderError::NotSent(_)) => wait(claim.again, error),
            Err(error @ ProviderError::Unclear(_)) => wait(true, error),
            Err(error @ ProviderError::Throttled { retry_after }) => Outcome::Wait {
                until: later(now, SignedDuration::try_from(*retry_after).unwrap_or(PENDING_PAUSE)),
                unclear: claim.again,
                counts: false,
                why: error.to_string(),
            },
            Err(error @ ProviderError::Unfit(_)) => Outcome::Failed {
                kind: TaskKind::RefundFailed,
                unclear: claim.again,
                why: error.to_string(),
            },
        }
    }

    async fn open_refund_task(
        &self,
        conn: &mut Connection,
        kind: TaskKind,
        order: &Order,
        refund: &Refund,
        why: &str,
    ) -> Result<(), CheckoutError> {
        let number = orders::OrderNumber::of(order.id).to_string();
        let reference = refund.id.to_string();
        let task = NewTask {
            kind,
            reference: &reference,
            order: Some(order.id),
            payment: Some(refund.payment),
            refund: Some(refund.id),
            details: json!({"order_number": number, "amount": refund.amount, "why": why}),
        };
        tasks::open(conn, &task, &*self.clock, &self.ids).await?;
        tracing::warn!(refund.id = %refund.id, kind = kind.as_str(), why, "a refund needs a person");
        Ok(())
    }
}
