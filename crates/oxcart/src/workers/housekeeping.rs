//! Forgetting what need not be kept, and moving out of the way what need not be at hand: once an
//! hour, a bounded number of rows at a time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::{SHARD_COUNT, Shard, SharedClock};
use orders::idempotency::{self, Step};
use pg::{Db, DbResult};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::supervise::worker;

const PERIOD: Duration = Duration::from_hours(1);
const BATCH: u32 = 5_000;
/// Between batches: housekeeping is in no hurry.
const PAUSE: Duration = Duration::from_millis(200);

/// What is forgotten, or moved.
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
    /// Closed reservations, which go to the archive, one shard after the other.
    Reservations,
}

/// Where a chore that goes through a table, or through all shards, begins or goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Walk {
    keys: idempotency::Walk,
    shard: u8,
}

impl Chore {
    const ALL: [Self; 8] = [
        Self::Events,
        Self::Jobs,
        Self::Sessions,
        Self::Proofs,
        Self::Revocations,
        Self::SigningKeys,
        Self::IdempotencyKeys,
        Self::Reservations,
    ];

    /// How long it is kept; `closed_for`: closed reservations.
    const fn kept_for(self, closed_for: SignedDuration) -> SignedDuration {
        match self {
            Self::Events | Self::Jobs => SignedDuration::from_hours(24 * 7),
            Self::Sessions => SignedDuration::from_hours(24 * 30),
            Self::Proofs | Self::Revocations => SignedDuration::from_hours(1),
            // Their last token ran out after a quarter of an hour.
            Self::SigningKeys => SignedDuration::from_hours(24),
            Self::IdempotencyKeys => SignedDuration::from_hours(48),
            Self::Reservations => closed_for,
        }
    }

    /// Forgets a batch; `walk` says where it begins, where that matters.
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
                let step = idempotency::forget(&mut tx, before, walk.keys).await?;
                tx.commit().await?;
                let Step { forgotten, rest } = step;
                return Ok(Batch { gone: forgotten, rest: rest.map(|keys| Walk { keys, ..walk }) });
            }
            Self::Reservations => {
                let shard = Shard::new(walk.shard);
                let gone = inventory::archive::archive(&mut tx, shard, before, BATCH).await?;
                tx.commit().await?;
                let more = u8::from(gone < u64::from(BATCH));
                let next = Walk { shard: walk.shard + more, ..walk };
                return Ok(Batch { gone, rest: (next.shard < SHARD_COUNT).then_some(next) });
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

/// Starts the worker; `closed_for` is how long closed reservations stay at hand.
pub fn spawn(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    db: &Db,
    clock: &SharedClock,
    closed_for: SignedDuration,
) {
    let (db, clock) = (db.clone(), clock.clone());
    worker::spawn(tasks, stop, "housekeeping", move |stop| {
        let (db, clock) = (db.clone(), clock.clone());
        async move {
            while stop.run_until_cancelled(sleep(PERIOD)).await.is_some() {
                for chore in Chore::ALL {
                    let before = clock.now() - chore.kept_for(closed_for);
                    if let Err(error) = tidy(chore, &db, before, &stop).await {
                        tracing::warn!(?chore, %error, "housekeeping was interrupted");
                    }
                }
            }
        }
    });
}

async fn tidy(chore: Chore, db: &Db, before: Timestamp, stop: &CancellationToken) -> DbResult<()> {
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
        let done = if matches!(chore, Chore::Reservations) { "archived" } else { "forgot" };
        tracing::info!(?chore, rows = total, "{done} {total} old rows");
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
            let mut next = Some(Walk::default());
            while let Some(walk) = next {
                let batch = chore.batch(test.db(), now, walk).await.unwrap();
                assert_eq!(batch.gone, 0);
                next = batch.rest;
            }
        }
    }

    /// Every shard is walked, the last one too, and only what is old enough goes.
    #[tokio::test]
    async fn closed_reservations_of_every_shard_are_archived() {
        let test = TestDb::new().await;
        let mut conn = test.owner().acquire().await.unwrap();
        sqlx::raw_sql(
            "INSERT INTO inventory.reservations (shard, order_id, line_no, warehouse_id, variant_id
                  , quantity, available_before, status, expires_at, created_at, closed_at)
             SELECT shard, ('01900000-0000-7000-8000-' || lpad(to_hex(shard), 12, '0'))::uuid, 1
                  , gen_random_uuid(), gen_random_uuid(), 1, 1
                  , CASE part WHEN 3 THEN 'active' ELSE 'released' END, now(), now()
                  , CASE part WHEN 1 THEN now() - interval '31 days'
                              WHEN 2 THEN now() - interval '29 days' END
               FROM generate_series(0, 63) AS shard CROSS JOIN generate_series(1, 3) AS part",
        )
        .execute(&mut *conn)
        .await
        .unwrap();
        let now: jiff_sqlx::Timestamp =
            sqlx::query_scalar("SELECT now()").fetch_one(&mut *conn).await.unwrap();
        let before = now.to_jiff() - Chore::Reservations.kept_for(SignedDuration::from_hours(720));
        let stop = CancellationToken::new();
        tidy(Chore::Reservations, test.db(), before, &stop).await.unwrap();
        let left: (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM inventory.reservations)
                  , (SELECT count(DISTINCT shard) FROM inventory.reservations_archive)",
        )
        .fetch_one(&mut *conn)
        .await
        .unwrap();
        assert_eq!(left, (128, 64));
    }

    #[test]
    fn keys_live_as_long_as_promised() {
        let kept = Chore::IdempotencyKeys.kept_for(SignedDuration::ZERO);
        assert!(kept >= SignedDuration::from_hours(24));
    }
}
