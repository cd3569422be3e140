//! Orders are completed when everything has arrived and the time for returns is over. On any number of
//! nodes at once; an order somebody asks to return at this moment is looked at again the next time.

use std::time::Duration;

use kernel::Actor;
use orders::Move;
use pg::{Backoff, DbError, retry};
use tokio_util::sync::CancellationToken;

use crate::{Checkout, error::CheckoutError};

/// Orders in one transaction.
const BATCH: i64 = 500;
/// How often to look when nothing was due.
const PERIOD: Duration = Duration::from_secs(5);

impl Checkout {
    /// Completes up to a batch of orders whose time has come; how many it was.
    pub async fn complete_batch(&self) -> Result<usize, CheckoutError> {
        retry(Backoff::TRANSACTION, &self.ids, async || self.try_complete_batch().await).await
    }

    async fn try_complete_batch(&self) -> Result<usize, CheckoutError> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let mut due = orders::claim_due(&mut tx, now, BATCH).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let (actor, reason) = (Actor::System, Some("return period over"));
        orders::transition_all(&mut tx, &mut due, Move::Complete, actor, reason, now).await?;
        let events: Vec<_> = due
            .iter()
            .map(|order| orders::events::completed(order, &*self.clock, &self.ids))
            .collect();
        outbox::append(&mut tx, &events).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(due.len())
    }

    /// Looks for orders to complete until `stop` is cancelled.
    pub async fn run_completion(self, stop: CancellationToken) {
        loop {
            let full = match self.complete_batch().await {
                Ok(completed) => {
                    if completed > 0 {
                        tracing::info!(orders = completed, "{completed} orders completed");
                    }
                    i64::try_from(completed).is_ok_and(|completed| completed == BATCH)
                }
                Err(error) => {
                    tracing::warn!(%error, "orders could not be completed; trying again");
                    false
                }
            };
            if stop.is_cancelled() {
                return;
            }
            if !full {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(PERIOD) => {}
                }
            }
        }
    }
}
