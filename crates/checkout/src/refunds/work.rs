//! Paying back what is due, on any number of nodes: claim and commit, ask the provider with no
//! transaction open, write down what it said.

use std::time::Duration;

use jiff::SignedDuration;
use payments::{
    Payment,
    provider::{ProviderError, RefundAnswer, RefundOrder},
    refunds::{self, Claim, RefundError},
};
use pg::{Backoff, DbError, retry};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{Checkout, error::CheckoutError};

/// How often to look when nothing was due.
const PERIOD: Duration = Duration::from_secs(2);
/// The longest a provider may take for one refund, all of its steps together.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long a claim holds: longer than the provider may take, and writing it down.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// Asks providers for the refunds that are due.
#[derive(Clone, Debug)]
pub struct RefundWorker {
    checkout: Checkout,
}

impl RefundWorker {
    /// Over these flows, with their providers.
    pub const fn new(checkout: Checkout) -> Self {
        Self { checkout }
    }

    /// Pays back what has been due for the longest time; whether there was anything to do.
    pub async fn run_due(&self) -> Result<bool, CheckoutError> {
        let checkout = &self.checkout;
        let work = async || self.try_claim().await;
        let claimed = match retry(Backoff::TRANSACTION, &checkout.ids, work).await? {
            Claimed::Nothing => return Ok(false),
            Claimed::Adopted => return Ok(true),
            Claimed::Due(claimed) => claimed,
        };
        let (claim, payment, already) = *claimed;
        let order = RefundOrder {
            id: claim.refund.id,
            amount: claim.refund.amount,
            whole: claim.refund.amount == payment.amount && already == kernel::Money::ZERO,
            already,
            again: claim.again,
        };
        let answer = self.ask(&payment, &order).await;
        let work = async || checkout.try_note_refund(&claim, &answer).await;
        retry(Backoff::TRANSACTION, &checkout.ids, work).await?;
        Ok(true)
    }

    async fn try_claim(&self) -> Result<Claimed, CheckoutError> {
        let checkout = &self.checkout;
        let now = checkout.clock.now();
        let mut tx = checkout.db.begin().await?;
        if refunds::adopt(&mut tx, now).await? {
            tx.commit().await.map_err(DbError::from)?;
            return Ok(Claimed::Adopted);
        }
        let claim = match refunds::claim(&mut tx, now, LEASE).await {
            Ok(Some(claim)) => claim,
            // Another node is at another refund of the payment: this one's turn comes after it.
            Ok(None) | Err(RefundError::Busy) => return Ok(Claimed::Nothing),
            Err(error) => return Err(error.into()),
        };
        let all = payments::of_order(&mut tx, claim.refund.order).await?;
        let payment = all.into_iter().find(|it| it.id == claim.refund.payment);
        let payment = payment.ok_or(payments::PaymentError::NotFound)?;
        let already = refunds::paid_by_provider(&mut tx, payment.id).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(Claimed::Due(Box::new((claim, payment, already))))
    }

    async fn ask(
        &self,
        payment: &Payment,
        order: &RefundOrder,
    ) -> Result<RefundAnswer, ProviderError> {
        let Some(provider) = self.checkout.providers.named(&payment.provider) else {
            let name = &payment.provider;
            return Err(ProviderError::NotSent(format!("the provider {name} is not set up here")));
        };
        let now = self.checkout.clock.now();
        let asked = provider.refund(payment, order, now);
        timeout(PATIENCE, asked).await.unwrap_or_else(|_| {
            Err(ProviderError::Unclear(format!("took longer than {} s", PATIENCE.as_secs())))
        })
    }

    /// Works until `stop` is cancelled. A refund in progress is finished first.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let more = match self.run_due().await {
                Ok(more) => more,
                Err(error) => {
                    tracing::warn!(%error, "a refund could not be worked on; trying again");
                    false
                }
            };
            let pause = tokio::time::sleep(PERIOD);
            if !more && stop.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }
}

enum Claimed {
    Nothing,
    /// One of the previous version of the program was approved.
    Adopted,
    /// What is to be asked for, of which payment, and what of it the provider has paid back before.
    Due(Box<(Claim, Payment, kernel::Money)>),
}

/// How long to wait before a provider is asked for the `attempt`th time again: a minute, two, four …
/// six hours, of which a random half is left out.
pub(super) fn pause_after(attempt: u16, ids: &kernel::Ids) -> SignedDuration {
    const FIRST: Duration = Duration::from_mins(1);
    const LONGEST: Duration = Duration::from_hours(6);
    let half = |pause: Duration| pause / 2;
    let backoff = Backoff { first: half(FIRST), longest: half(LONGEST), attempts: u32::MAX };
    let ceiling = half(FIRST).saturating_mul(1 << attempt.saturating_sub(1).min(16));
    let pause = ceiling.min(half(LONGEST)) + backoff.pause(attempt.into(), ids);
    SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use kernel::Ids;

    use super::*;

    #[test]
    fn pauses_double_up_to_six_hours_and_never_vanish() {
        let ids = Ids::from_seed(1);
        for attempt in 0..100_u16 {
            let minutes = 2_i64.pow(u32::from(attempt.clamp(1, 17) - 1)).min(360);
            let full = SignedDuration::from_mins(minutes);
            let pause = pause_after(attempt, &ids);
            assert!((full / 2..=full).contains(&pause), "{attempt}: {pause}");
        }
    }

    #[test]
    fn a_claim_outlasts_what_it_is_for() {
        let patience = SignedDuration::try_from(PATIENCE).unwrap();
        assert!(LEASE > patience * 2);
    }
}
