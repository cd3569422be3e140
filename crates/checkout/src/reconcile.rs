//! Reconciliation: a provider's statements of a day are fetched with no transaction open, compared
//! with our books, and what differs becomes tasks. Any number of nodes may try; a day is compared by
//! one of them.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Span, civil::Date};
use kernel::later;
use payments::{
    Payment, PaymentStatus, TradeNo,
    provider::{ProviderError, ProviderState},
    reconciliation::{
        self, Books, Difference, DifferenceKind, Reconciliation, Statements, compare,
    },
    tasks::{self, NewTask, TaskKind},
};
use pg::{Backoff, Connection, DbError, retry};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{Checkout, error::CheckoutError};

/// How often to look whether a day is due.
const PERIOD: Duration = Duration::from_secs(15);
/// How long after midnight in Taipei a day is compared: its statements have to be complete.
const AFTER: SignedDuration = SignedDuration::from_hours(6);
/// How many days are looked back to, after a time when no node was there.
const DAYS: i64 = 3;
/// How long a node may take for a day: files come one a minute.
const LEASE: SignedDuration = SignedDuration::from_mins(30);
/// When to try again what could not be done.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// After so many failures, people look into it.
const FAILURES: u16 = 3;
/// What a provider's limit is waited for between two files of one day.
const THROTTLE_MOST: Duration = Duration::from_mins(2);
/// The most payments that are asked about, one by one, before they are called a difference.
const QUESTIONS: usize = 50;

/// Compares our books with a provider's.
#[derive(Clone, Debug)]
pub struct Reconciler {
    checkout: Checkout,
    statements: Arc<dyn Statements>,
}

impl Reconciler {
    /// With these statements.
    pub const fn new(checkout: Checkout, statements: Arc<dyn Statements>) -> Self {
        Self { checkout, statements }
    }

    /// Compares a day. Nothing when somebody else is at it, or has done it and it is not asked for
    /// `again`. Done again, it opens no task twice; what no longer differs closes its task.
    pub async fn reconcile(
        &self,
        day: Date,
        again: bool,
    ) -> Result<Option<Reconciliation>, CheckoutError> {
        let provider = self.statements.provider();
        let checkout = &self.checkout;
        let mut conn = checkout.db.acquire().await?;
        let now = checkout.clock.now();
        let fence = reconciliation::begin(&mut conn, provider, day, again, now, LEASE).await?;
        drop(conn);
        let Some(fence) = fence else { return Ok(None) };
        let claim = (provider, day, fence);
        match self.compare(day).await {
            Ok((books, differences)) => {
                let work = async || self.write(claim, &books, &differences).await;
                retry(Backoff::TRANSACTION, &checkout.ids, work).await?;
            }
            Err(Unavailable::Provider(why)) => self.give_up(claim, &why).await?,
            Err(Unavailable::Us(error)) => return Err(error),
        }
        let mut conn = checkout.db.acquire().await?;
        Ok(reconciliation::find(&mut conn, provider, day).await?)
    }

    /// Both sides, and in what they differ.
    async fn compare(&self, day: Date) -> Result<(Books, Vec<Difference>), Unavailable> {
        let trades = patiently(|| self.statements.trades(day)).await?;
        let payouts = patiently(|| self.statements.payouts(day)).await?;
        let mut numbers: Vec<String> = trades
            .iter()
            .map(|row| row.number.clone())
            .chain(payouts.iter().map(|row| row.number.clone()))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let bounds = reconciliation::bounds(day)
            .ok_or_else(|| ProviderError::Unfit(format!("there is no {day} in Taipei")))?;
        let provider = self.statements.provider();
        let mut conn = self.checkout.db.acquire().await?;
        let ours = reconciliation::ours(&mut conn, provider, bounds, &numbers).await?;
        drop(conn);
        let books = Books { ours, trades, payouts };
        let mut differences = Vec::new();
        for (place, difference) in compare(&books).into_iter().enumerate() {
            if place >= QUESTIONS || !self.is_explained(&difference).await? {
                differences.push(difference);
            }
        }
        Ok((books, differences))
    }

    /// Whether the provider, asked about the one payment, says what our books say: its statement was
    /// cut at another moment of the night.
    async fn is_explained(&self, difference: &Difference) -> Result<bool, Unavailable> {
        let by_time = [DifferenceKind::MissingAtTheirs, DifferenceKind::Status];
        let number = TradeNo::parse(&difference.merchant_trade_no);
        let Some(number) = number.filter(|_| by_time.contains(&difference.kind)) else {
            return Ok(false);
        };
        let mut conn = self.checkout.db.acquire().await?;
        let payment = payments::find(&mut conn, &number).await?;
        drop(conn);
        let Some(payment) = payment else { return Ok(false) };
        let Some(provider) = self.checkout.providers.named(&payment.provider) else {
            return Ok(false);
        };
        let state = provider.query(&payment, self.checkout.clock.now()).await;
        // Who cannot be asked explains nothing: people look at it.
        Ok(state.is_ok_and(|state| agrees(&payment, &state)))
    }

    async fn write(
        &self,
        claim: (&str, Date, i64),
        books: &Books,
        differences: &[Difference],
    ) -> Result<(), CheckoutError> {
        let checkout = &self.checkout;
        let now = checkout.clock.now();
        let (provider, day, _) = claim;
        let mut tx = checkout.db.begin().await?;
        if !reconciliation::finish(&mut tx, claim, books, differences, now).await? {
            tracing::warn!(%day, "the reconciliation took too long: another node has begun anew");
            return Ok(());
        }
        reconciliation::keep_fees(&mut tx, books).await?;
        let beginning = format!("{provider}/{day}/");
        let mut references = Vec::with_capacity(differences.len());
        for difference in differences {
            let reference =
                format!("{beginning}{}/{}", difference.kind.as_str(), difference.merchant_trade_no);
            self.open_task(&mut tx, (provider, day), difference, &reference).await?;
            references.push(reference);
        }
        let kind = TaskKind::ReconciliationDifference;
        tasks::close_gone(&mut tx, kind, &beginning, &references, now).await?;
        tasks::close_gone(&mut tx, TaskKind::ProviderUnreachable, &beginning, &[], now).await?;
        tx.commit().await.map_err(DbError::from)?;
        let found = differences.len();
        tracing::info!(%day, differences = found, "reconciled {day}: {found} differences");
        Ok(())
    }

    async fn open_task(
        &self,
        conn: &mut Connection,
        (provider, day): (&str, Date),
        difference: &Difference,
        reference: &str,
    ) -> Result<(), CheckoutError> {
        let task = NewTask {
            kind: TaskKind::ReconciliationDifference,
            reference,
            order: difference.order_id,
            payment: difference.payment_id,
            refund: None,
            details: json!({
                "provider": provider, "day": day, "difference": difference.kind,
                "merchant_trade_no": difference.merchant_trade_no,
                "ours": difference.ours, "theirs": difference.theirs,
            }),
        };
        let (clock, ids) = (&*self.checkout.clock, &self.checkout.ids);
        tasks::open_once(conn, &task, clock, ids).await?;
        Ok(())
    }

    /// The statements could not be had: again later, and after a few times somebody looks into it.
    async fn give_up(
        &self,
        claim: (&str, Date, i64),
        why: &ProviderError,
    ) -> Result<(), CheckoutError> {
        let checkout = &self.checkout;
        let (provider, day, _) = claim;
        let again = later(checkout.clock.now(), AGAIN);
        tracing::warn!(%day, %why, "the statements of {day} could not be had");
        let mut tx = checkout.db.begin().await?;
        let failures = reconciliation::fail(&mut tx, claim, &why.to_string(), again).await?;
        if failures.is_some_and(|failures| failures >= FAILURES) {
            let reference = format!("{provider}/{day}/statements");
            let task = NewTask {
                kind: TaskKind::ProviderUnreachable,
                reference: &reference,
                order: None,
                payment: None,
                refund: None,
                details: json!({"provider": provider, "day": day, "why": why.to_string()}),
            };
            tasks::open(&mut tx, &task, &*checkout.clock, &checkout.ids).await?;
        }
        tx.commit().await.map_err(DbError::from)?;
        Ok(())
    }

    /// Compares the earliest of the last days that is due; whether there was one.
    pub async fn run_due(&self) -> Result<bool, CheckoutError> {
        let checkout = &self.checkout;
        let now = checkout.clock.now();
        // Yesterday, once it is over for long enough.
        let last = reconciliation::day_of(now - AFTER).yesterday();
        let Ok(last) = last else { return Ok(false) };
        // From tomorrow to yesterday is no day at all: only what somebody asked for.
        let days = if self.statements.are_compared_daily() { DAYS } else { 0 };
        let first = last.checked_sub(Span::new().days(days - 1)).unwrap_or(last);
        let mut conn = checkout.db.acquire().await?;
        let provider = self.statements.provider();
        let due = reconciliation::due(&mut conn, provider, (first, last), now).await?;
        drop(conn);
        let Some(day) = due else { return Ok(false) };
        Ok(self.reconcile(day, false).await?.is_some())
    }

    /// Compares each day when it is over, until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        // A provider may keep it waiting for a minute between two files. What is not written when the
        // shop stops is compared anew.
        while let Some(done) = stop.run_until_cancelled(self.run_due()).await {
            if let Err(error) = done {
                tracing::warn!(%error, "reconciliation was interrupted; trying again");
            }
            if stop.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_none() {
                return;
            }
        }
    }
}

/// Why a day could not be compared.
enum Unavailable {
    /// The provider did not give its statements.
    Provider(ProviderError),
    /// It is ours.
    Us(CheckoutError),
}

impl From<ProviderError> for Unavailable {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

impl From<DbError> for Unavailable {
    fn from(error: DbError) -> Self {
        Self::Us(error.into())
    }
}

/// Asks once more where a limit was met that is over soon.
async fn patiently<T, F>(mut ask: impl FnMut() -> F) -> Result<T, ProviderError>
where
    F: Future<Output = Result<T, ProviderError>>,
{
    match ask().await {
        Err(ProviderError::Throttled { retry_after }) if retry_after <= THROTTLE_MOST => {
            tokio::time::sleep(retry_after).await;
            ask().await
        }
        answer => answer,
    }
}

/// Whether a provider's answer says what our books say.
fn agrees(payment: &Payment, state: &ProviderState) -> bool {
    match state {
        ProviderState::Paid { amount, .. } => {
            payment.status.is_settled() && *amount == payment.amount
        }
        // What was given back before it was captured was never paid, to the provider.
        ProviderState::Unpaid
        | ProviderState::Code(_)
        | ProviderState::Failed { .. }
        | ProviderState::Unknown => {
            !payment.status.is_settled() || payment.status == PaymentStatus::Refunded
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_is_over_soon_is_waited_for_once() {
        let answers = |retry_after: u64, times: u32| {
            let mut asked = 0;
            move || {
                asked += 1;
                let answer = if asked > times {
                    Ok(asked)
                } else {
                    let retry_after = Duration::from_secs(retry_after);
                    Err(ProviderError::Throttled { retry_after })
                };
                std::future::ready(answer)
            }
        };
        assert_eq!(patiently(answers(60, 0)).await, Ok(1));
        assert_eq!(patiently(answers(60, 1)).await, Ok(2));
        assert!(patiently(answers(60, 2)).await.is_err());
        assert!(patiently(answers(1800, 1)).await.is_err());
    }
}
