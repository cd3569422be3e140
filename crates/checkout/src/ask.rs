//! Expiry asks first: an order that a provider may have money for is ended only after the provider
//! said, just now, that it has none. Notices get lost and come late; what was sold to somebody else
//! meanwhile cannot be got back.
//!
//! A round claims a few orders that are due, for this node alone until a lease is over, and commits;
//! asks the providers, with no transaction open; hands what they say to the one function for it; and
//! then looks at each order again, under its lock. An order whose provider cannot be reached is held,
//! for so long and no longer ([`crate::Patience::unanswered`]); then it ends all the same, and a person
//! is told. So is one of whose money operations have confirmed a part.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use kernel::id::{OrderId, PaymentId};
use orders::Order;
use payments::{
    Payment, PaymentError, ProviderError,
    tasks::{self, NewTask, TaskKind},
};
use pg::{Backoff, Connection, DbError, retry};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{Checkout, error::CheckoutError, word::Word};

/// Orders in one round. Providers bear only so many questions.
const ROUND: i64 = 20;
/// Questions at the same time.
const AT_ONCE: usize = 5;
/// How long a claim lasts: longer than the questions about one order can take.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// How old an answer may be. A buyer who pays in these minutes is refunded, or keeps what is left.
const RECENTLY: SignedDuration = SignedDuration::from_mins(2);
/// How soon to ask again when there was no answer.
const RETRY: SignedDuration = SignedDuration::from_mins(1);
/// The longest that a provider's "not so often" is obeyed before it is asked again.
const THROTTLED_MAX: SignedDuration = SignedDuration::from_mins(30);
/// How often to look when nothing was due.
const PERIOD: Duration = Duration::from_secs(1);

/// What became of an order that was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// It has ended.
    Ended,
    /// It is paid, or ended by somebody else, or held for longer by now.
    Settled,
    /// Somebody still has to be asked.
    Held,
}

impl Checkout {
    /// Asks about some orders whose time is over, and ends those for which there is no money; how many
    /// it ended.
    pub async fn ask_and_expire(&self) -> Result<usize, CheckoutError> {
        Ok(self.ask_round().await?.1)
    }

    /// How many orders were asked about, and how many of them ended.
    async fn ask_round(&self) -> Result<(usize, usize), CheckoutError> {
        let claimed = retry(Backoff::TRANSACTION, &self.ids, async || {
            let mut tx = self.db.begin().await?;
            let now = self.clock.now();
            let lease = now + LEASE;
            let claimed = orders::awaiting::claim_to_ask(&mut tx, now, lease, ROUND).await?;
            tx.commit().await.map_err(DbError::from)?;
            Ok::<_, CheckoutError>(claimed)
        })
        .await?;
        let questions: Vec<_> = claimed.iter().map(|order| self.ask_about(*order)).collect();
        let asked: Vec<_> = stream::iter(questions).buffer_unordered(AT_ONCE).collect().await;
        let mut ended = 0;
        for outcome in asked {
            match outcome {
                Ok(outcome) => ended += usize::from(outcome == Asked::Ended),
                // Its claim runs out, and it is looked at again.
                Err(error) => tracing::warn!(%error, "an order could not be asked about"),
            }
        }
        Ok((claimed.len(), ended))
    }

    /// Asks about one claimed order, and ends it if it may end.
    async fn ask_about(&self, order: OrderId) -> Result<Asked, CheckoutError> {
        let mut conn = self.db.acquire().await?;
        let attempts = payments::of_order(&mut conn, order).await?;
        drop(conn);
        let mut again = RETRY;
        for attempt in attempts {
            if !attempt.may_be_paid(self.clock.now(), RECENTLY) {
                continue;
            }
            if let Err(error) = self.ask_provider(&attempt).await? {
                again = again.max(wait_after(&error));
            }
        }
        retry(Backoff::TRANSACTION, &self.ids, async || self.try_end_asked(order, again).await)
            .await
    }

    /// Asks the provider about an attempt, with no transaction open, and acts on what it says.
    pub(crate) async fn ask_provider(
        &self,
        attempt: &Payment,
    ) -> Result<Result<(), ProviderError>, CheckoutError> {
        let answer = match self.providers.named(&attempt.provider) {
            Some(provider) => provider.query(attempt, self.clock.now()).await,
            None => Err(ProviderError::NotSent("it is not set up here any more".to_owned())),
        };
        self.metrics.question(&attempt.provider, answer.as_ref());
        match answer {
            Ok(state) => {
                self.take_word(&attempt.trade_no, &Word::from(state)).await?;
                Ok(Ok(()))
            }
            Err(error) => {
                let number = attempt.trade_no.as_str();
                tracing::info!(merchant_trade_no = number, %error, "no answer about a payment");
                Ok(Err(error))
            }
        }
    }

    /// Asks about one attempt because somebody wants to know: as it is then, and why there was no answer
    /// if so. Nothing when its provider cannot be asked.
    pub async fn ask_now(
        &self,
        payment: PaymentId,
    ) -> Result<Option<(Payment, Option<ProviderError>)>, CheckoutError> {
        let attempt = self.load_attempt(payment).await?;
        if !attempt.askable {
            return Ok(None);
        }
        let error = self.ask_provider(&attempt).await?.err();
        Ok(Some((self.load_attempt(payment).await?, error)))
    }

    async fn load_attempt(&self, payment: PaymentId) -> Result<Payment, CheckoutError> {
        let mut conn = self.db.acquire().await?;
        let found = payments::load(&mut conn, payment).await?;
        Ok(found.ok_or(PaymentError::NotFound)?)
    }

    async fn try_end_asked(
        &self,
        order: OrderId,
        again: SignedDuration,
    ) -> Result<Asked, CheckoutError> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let mut order = orders::lock(&mut tx, order).await?;
        if !order.status.awaits_payment() {
            return Ok(Asked::Settled);
        }
        if order.reserved_until > now {
            orders::awaiting::ask_again(&mut tx, order.id, order.reserved_until).await?;
            tx.commit().await.map_err(DbError::from)?;
            return Ok(Asked::Settled);
        }
        let attempts = payments::of_order(&mut tx, order.id).await?;
        let open: Vec<&Payment> = attempts.iter().filter(|it| is_open(it, now)).collect();
        let given_up = order.reserved_until + self.patience.unanswered <= now;
        if !open.is_empty() && !given_up {
            orders::awaiting::ask_again(&mut tx, order.id, now + again).await?;
            tx.commit().await.map_err(DbError::from)?;
            return Ok(Asked::Held);
        }
        self.end_unpaid(&mut tx, std::slice::from_mut(&mut order), now).await?;
        self.tell_unanswered(&mut tx, &order, &open).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(Asked::Ended)
    }

    /// An order was ended although these attempts may have been paid, or were paid in part: a person
    /// has to look at each.
    async fn tell_unanswered(
        &self,
        conn: &mut Connection,
        order: &Order,
        attempts: &[&Payment],
    ) -> Result<(), CheckoutError> {
        let (number, _) = self.told(order);
        let mut events = Vec::with_capacity(attempts.len());
        for payment in attempts {
            tracing::error!(
                order.id = %order.id,
                merchant_trade_no = payment.trade_no.as_str(),
                "an order was ended without knowing whether it was paid"
            );
            self.metrics.unanswered();
            let (clock, ids) = (&*self.clock, &self.ids);
            events.push(payments::events::unanswered(payment, &number, clock, ids));
            let task = NewTask {
                kind: TaskKind::ProviderUnreachable,
                reference: payment.trade_no.as_str(),
                order: Some(order.id),
                payment: Some(payment.id),
                refund: None,
                details: json!({
                    "order_number": number, "amount": payment.amount,
                    "received": payment.received, "provider": payment.provider,
                    "why": "the order was ended without knowing whether it was paid",
                }),
            };
            tasks::open(conn, &task, clock, ids).await?;
        }
        outbox::append(conn, &events).await?;
        Ok(())
    }

    /// Asks and expires until `stop` is cancelled.
    pub async fn run_asking(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let more = match stop.run_until_cancelled(self.ask_round()).await {
                None => return,
                Some(Ok((asked, _))) => i64::try_from(asked).is_ok_and(|asked| asked == ROUND),
                Some(Err(error)) => {
                    tracing::warn!(%error, "asking about unpaid orders failed; trying again");
                    false
                }
            };
            if !more && stop.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_none() {
                return;
            }
        }
    }
}

/// Whether somebody may have money for the attempt that we do not know of, or we have a part of it.
fn is_open(payment: &Payment, now: Timestamp) -> bool {
    let partly = !payment.status.is_settled() && payment.received > kernel::Money::ZERO;
    partly || payment.may_be_paid(now, RECENTLY)
}

/// How long to wait after an answer that is none.
fn wait_after(error: &ProviderError) -> SignedDuration {
    match error {
        ProviderError::Throttled { retry_after } => {
            let wait = SignedDuration::try_from(*retry_after).unwrap_or(THROTTLED_MAX);
            wait.clamp(RETRY, THROTTLED_MAX)
        }
        _ => RETRY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_asked_too_often_is_obeyed_within_bounds() {
        let after = |seconds| {
            wait_after(&ProviderError::Throttled { retry_after: Duration::from_secs(seconds) })
        };
        assert_eq!(after(1), RETRY);
        assert_eq!(after(600), SignedDuration::from_mins(10));
        assert_eq!(after(100_000), THROTTLED_MAX);
        assert_eq!(wait_after(&ProviderError::NotSent(String::new())), RETRY);
    }
}
