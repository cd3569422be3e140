//! Forgetting what need not be kept: once an hour, a bounded number of rows at a time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::SharedClock;
use orders::idempotency::{self, Step, Walk};
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
    /// Tokens of mails that are too old.
    Proofs,
    /// Refused access tokens that have run out by now.
    Revocations,
    /// Keys that signed access tokens once.
    SigningKeys,
    /// Keys of accepted orders; they promise 24 hours.
    IdempotencyKeys,
}

impl Chore {
    const ALL: [Self; 7] = [
        Self::Events,
        Self::Jobs,
        Self::Sessions,
        Self::Proofs,
        Self::Revocations,
        Self::SigningKeys,
        Self::IdempotencyKeys,
    ];

    const fn kept_for(self) -> SignedDuration {
        match self {
            Self::Events | Self::Jobs => SignedDuration::from_hours(24 * 7),
            Self::Sessions => SignedDuration::from_hours(24 * 30),
            Self::Proofs | Self::Revocations => SignedDuration::from_hours(1),
            // Their last token ran out after a quarter of an hour.
            Self::SigningKeys => SignedDuration::from_hours(24),
            Self::IdempotencyKeys => SignedDuration::from_hours(48),
        }
    }

    /// Forgets a batch; `walk` says where the keys' one begins.
    async fn batch(self, db: &Db, before: Timestamp, walk: Walk) -> DbResult<Batch> {
        let mut tx = db.begin().await?;
        let gone = match self {
            Self::Events => outbox::forget_published(&mut tx, before, BATCH).await?,
            Self::Jobs => outbox::forget_finished(&mut tx, before, BATCH).await?,
            Self::Sessions => identity::purge_sessions(&mut tx, before, BATCH).await?,
            Self::Proofs => identity::purge_proofs(&mut tx, before, BATCH).await?,
            Self::Revocations => identity::purge_revocations(&mut tx, before, BATCH).await?,
            // Never more than a few.
            Self::SigningKeys => identity::purge_signing_keys(&mut tx, before).await?,
            Self::IdempotencyKeys => {
                let Step { forgotten, rest } = idempotency::forget(&mut tx, before, walk).await?;
                tx.commit().await?;
                return Ok(Batch { gone: forgotten, rest });
            }
        };
        tx.commit().await?;
        Ok(Batch { gone, rest: (gone >= u64::from(BATCH)).then_some(walk) })
    }
}

/// What one transaction came to.
#[derive(Debug, PartialEq, Eq)]
struct Batch {
    gone: u64,
    /// Where to go on; nothing when the chore is done.
    rest: Option<Walk>,
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
    let mut next = Some(Walk::default());
    while let Some(walk) = next.take().filter(|_| !stop.is_cancelled()) {
        let Batch { gone, rest } = chore.batch(db, before, walk).await?;
        total += gone;
        next = rest;
        // Looking without finding is cheap; writing is what others would feel.
        if next.is_some() && gone > 0 {
            sleep(PAUSE).await;
        }
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
            let now = test.shared_clock().now();
            let batch = chore.batch(test.db(), now, Walk::default()).await.unwrap();
            assert_eq!(batch, Batch { gone: 0, rest: None });
        }
    }

    #[test]
    fn keys_live_as_long_as_promised() {
        assert!(Chore::IdempotencyKeys.kept_for() >= SignedDuration::from_hours(24));
    }
}
