//! Asking about attempts of which no news came. On any number of nodes at once: each attempt is
//! claimed by one of them, for a lease; how often ECPay is asked in all, its client bounds.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::SignedDuration;
use payments::{Payment, ProviderError, polling};
use pg::{Backoff, DbError, retry};
use tokio_util::sync::CancellationToken;

use crate::{Checkout, error::CheckoutError};

/// Attempts in one round.
const ROUND: i64 = 20;
/// Questions at the same time.
const AT_ONCE: usize = 5;
/// How long a claim lasts.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// How often to look when nothing was due.
const PERIOD: Duration = Duration::from_secs(5);

impl Checkout {
    /// Asks about some attempts whose time for it has come; how many it was.
    pub async fn poll_round(&self) -> Result<usize, CheckoutError> {
        let claimed = retry(Backoff::TRANSACTION, &self.ids, async || {
            let mut tx = self.db.begin().await?;
            let now = self.clock.now();
            let claimed = polling::claim(&mut tx, now, now + LEASE, ROUND).await?;
            tx.commit().await.map_err(DbError::from)?;
            Ok::<_, CheckoutError>(claimed)
        })
        .await?;
        let questions: Vec<_> = claimed.iter().map(|attempt| self.poll(attempt)).collect();
        let polled: Vec<_> = stream::iter(questions).buffer_unordered(AT_ONCE).collect().await;
        for outcome in polled {
            // Its claim runs out, and it is asked about again.
            if let Err(error) = outcome {
                tracing::warn!(%error, "an attempt to pay could not be asked about");
            }
        }
        Ok(claimed.len())
    }

    async fn poll(&self, attempt: &Payment) -> Result<(), CheckoutError> {
        let answer = self.ask_provider(attempt).await?;
        let now = self.clock.now();
        let mut conn = self.db.acquire().await?;
        // The answer may have brought the code.
        let Some(attempt) = payments::load(&mut conn, attempt.id).await? else { return Ok(()) };
        if attempt.status.is_settled() {
            return Ok(());
        }
        let (begun, code) = (attempt.created_at, attempt.code.as_ref());
        let next = match answer {
            Ok(()) => polling::next(begun, code, now),
            Err(ProviderError::Unfit(_)) => None,
            Err(_) => polling::again(begun, code, now),
        };
        polling::schedule(&mut conn, &attempt, next).await?;
        Ok(())
    }

    /// Asks until `stop` is cancelled.
    pub async fn run_polling(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let more = match stop.run_until_cancelled(self.poll_round()).await {
                None => return,
                Some(Ok(asked)) => i64::try_from(asked).is_ok_and(|asked| asked == ROUND),
                Some(Err(error)) => {
                    tracing::warn!(%error, "asking about payments failed; trying again");
                    false
                }
            };
            if !more && stop.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_none() {
                return;
            }
        }
    }
}
