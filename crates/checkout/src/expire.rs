//! Expiry (BR-003): orders not paid in time give their stock back, in batches, on any number of
//! nodes at once. An order somebody is paying or cancelling at this moment is skipped, and looked
//! at again the next time.

use std::time::Duration;

use inventory::ReservationStatus;
use kernel::Actor;
use orders::Move;
use pg::{Backoff, DbError, retry};
use tokio_util::sync::CancellationToken;

use crate::{Checkout, error::CheckoutError, limits};

/// Orders in one transaction: enough for set-based statements to pay, few enough not to keep buyers
/// of a hot variant waiting for its row.
const BATCH: i64 = 1_000;
/// How often to look when nothing was due.
const PERIOD: Duration = Duration::from_secs(1);

impl Checkout {
    /// Ends up to a batch of orders whose time is over; how many it was.
    pub async fn expire_batch(&self) -> Result<usize, CheckoutError> {
        retry(Backoff::TRANSACTION, &self.ids, async || self.try_expire_batch().await).await
    }

    async fn try_expire_batch(&self) -> Result<usize, CheckoutError> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let mut due = orders::claim_expired(&mut tx, now, BATCH).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let actor = Actor::System;
        orders::transition_all(&mut tx, &mut due, Move::Expire, actor, Some("expired"), now)
            .await?;
        let ids: Vec<_> = due.iter().map(|order| order.id).collect();
        let (context, status) = (self.save_context(), ReservationStatus::Expired);
        inventory::release(&mut tx, &ids, status, actor, now, &context).await?;
        limits::release(&mut tx, &due, now).await?;
        let events: Vec<_> = due
            .iter()
            .map(|order| orders::events::cancelled(order, "expired", &*self.clock, &self.ids))
            .collect();
        outbox::append(&mut tx, &events).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(due.len())
    }

    /// Looks for orders to end until `stop` is cancelled.
    pub async fn run_expiry(self, stop: CancellationToken) {
        loop {
            let full = match self.expire_batch().await {
                Ok(ended) => {
                    if ended > 0 {
                        tracing::info!(orders = ended, "unpaid orders expired");
                    }
                    i64::try_from(ended).is_ok_and(|ended| ended == BATCH)
                }
                Err(error) => {
                    tracing::warn!(%error, "expiry failed; trying again");
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
