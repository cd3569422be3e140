//! Forgetting what need not be kept: once an hour, a bounded number of rows at a time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::SharedClock;
use pg::{Db, DbResult};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::supervise::worker;

const PERIOD: Duration = Duration::from_hours(1);
const BATCH: u32 = 5_000;
/// Between batches: housekeeping is in no hurry.
const PAUSE: Duration = Duration::from_millis(200);

/// What is forgotten.
#[derive(Clone, Copy, Debug)]
enum Chore {
    /// Published events.
    Events,
    /// Finished jobs; their payloads hold personal data.
    Jobs,
    /// Sessions that ended.
    Sessions,
    /// Keys of accepted orders; they promise 24 hours.
    IdempotencyKeys,
}

impl Chore {
    const ALL: [Self; 4] = [Self::Events, Self::Jobs, Self::Sessions, Self::IdempotencyKeys];

    const fn kept_for(self) -> SignedDuration {
        match self {
            Self::Events | Self::Jobs => SignedDuration::from_hours(24 * 7),
            Self::Sessions => SignedDuration::from_hours(24 * 30),
            Self::IdempotencyKeys => SignedDuration::from_hours(48),
        }
    }

    async fn batch(self, db: &Db, before: Timestamp) -> DbResult<u64> {
        let mut tx = db.begin().await?;
        let gone = match self {
            Self::Events => outbox::forget_published(&mut tx, before, BATCH).await,
            Self::Jobs => outbox::forget_finished(&mut tx, before, BATCH).await,
            Self::Sessions => identity::purge_sessions(&mut tx, before, BATCH).await,
            Self::IdempotencyKeys => {
                orders::idempotency::forget(&mut tx, before, i64::from(BATCH)).await
            }
        }?;
        tx.commit().await?;
        Ok(gone)
    }
}

/// Starts the worker.
pub fn spawn(tasks: &TaskTracker, stop: &CancellationToken, db: &Db, clock: &SharedClock) {
    let (db, clock) = (db.clone(), clock.clone());
    worker::spawn(tasks, stop, "housekeeping", move |stop| {
        let (db, clock) = (db.clone(), clock.clone());
        async move {
            while stop.run_until_cancelled(sleep(PERIOD)).await.is_some() {
                for chore in Chore::ALL {
                    if let Err(error) = tidy(chore, &db, &clock, &stop).await {
                        tracing::warn!(?chore, %error, "housekeeping was interrupted");
                    }
                }
            }
        }
    });
}

async fn tidy(
    chore: Chore,
    db: &Db,
    clock: &SharedClock,
    stop: &CancellationToken,
) -> DbResult<()> {
    let before = clock.now() - chore.kept_for();
    let mut total = 0;
    while !stop.is_cancelled() {
        let gone = chore.batch(db, before).await?;
        total += gone;
        if gone < u64::from(BATCH) {
            break;
        }
        sleep(PAUSE).await;
    }
    if total > 0 {
        tracing::info!(?chore, rows = total, "forgot {total} old rows");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use testkit::TestDb;

    use super::*;

    #[tokio::test]
    async fn every_chore_is_allowed_and_leaves_an_empty_shop_alone() {
        let test = TestDb::new().await;
        for chore in Chore::ALL {
            assert_eq!(chore.batch(test.db(), test.shared_clock().now()).await.unwrap(), 0);
        }
    }
}
