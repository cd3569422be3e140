//! Expiry (BR-003): orders not paid in time give their stock back, in batches, on any number of
//! nodes at once. An order somebody is paying or cancelling at this moment is skipped, and looked
//! at again the next time. An order that a provider may have money for is not ended here, but after
//! that was asked ([`crate::ask`]).

use std::time::Duration;

use inventory::ReservationStatus;
use jiff::Timestamp;
use kernel::Actor;
use orders::{Move, Order};
use payments::{PaymentMove, Settlement, polling};
use pg::{Backoff, Connection, DbError, retry};
use tokio_util::sync::CancellationToken;

use crate::{Checkout, error::CheckoutError, limits};

/// Orders in one transaction: enough for set-based statements to pay, few enough not to keep buyers
/// of a hot variant waiting for its row.
const BATCH: i64 = 1_000;
/// How often to look when nothing was due.
const PERIOD: Duration = Duration::from_secs(1);

impl Checkout {
    /// Ends what is due: up to a batch of orders that nobody has to be asked about, and some about
    /// which somebody was asked. How many it was.
    pub async fn expire_due(&self) -> Result<usize, CheckoutError> {
        Ok(self.expire_batch().await? + self.ask_and_expire().await?)
    }

    /// Ends up to a batch of orders whose time is over, and that no provider has to be asked about;
    /// how many it was.
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
        self.end_unpaid(&mut tx, &mut due, now).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(due.len())
    }

    /// Ends locked orders that nobody has paid for in time.
    pub(crate) async fn end_unpaid(
        &self,
        conn: &mut Connection,
        due: &mut [Order],
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        let actor = Actor::System;
        orders::transition_all(conn, due, Move::Expire, actor, Some("expired"), now).await?;
        let ids: Vec<_> = due.iter().map(|order| order.id).collect();
        // Attempts come before stock in the order of locks; hardly any order has one here.
        for mut payment in polling::lock_open(conn, &ids).await? {
            let nothing = Settlement { reason: Some("expired"), ..Settlement::default() };
            let asked = PaymentMove::Cancel;
            payments::transition(conn, &mut payment, asked, &nothing, actor, now).await?;
        }
        let (context, status) = (self.save_context(), ReservationStatus::Expired);
        inventory::release(conn, &ids, status, actor, now, &context).await?;
        limits::release(conn, due, now).await?;
        let events: Vec<_> = due
            .iter()
            .map(|order| orders::events::cancelled(order, "expired", &*self.clock, &self.ids))
            .collect();
        outbox::append(conn, &events).await?;
        Ok(())
    }

    /// Looks for orders to end, that nobody has to be asked about, until `stop` is cancelled.
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
