//! Forgetting what need not be kept, and moving out of the way what need not be at hand: once an
//! hour, on one node, a bounded number of rows at a time.

use std::{fmt::Write as _, time::Duration};

use jiff::{SignedDuration, Timestamp};
use kernel::{SHARD_COUNT, Shard, SharedClock};
use orders::idempotency::{self, Step};
use outbox::{
    BoxFuture, HandleError, forget,
    schedule::{Recurring, Turn},
};
use pg::{Db, DbResult};
use tokio::time::sleep;

const PERIOD: Duration = Duration::from_hours(1);
const BATCH: u32 = 5_000;
/// Between batches: housekeeping is in no hurry.
const PAUSE: Duration = Duration::from_millis(200);

/// What is forgotten, or moved.
#[derive(Clone, Copy, Debug)]
enum Chore {
    /// Published events, one lane after the other.
    Events,
    /// Finished jobs; their payloads hold personal data.
    Jobs,
    /// That consumers have seen events.
    Inbox,
    /// Deliveries of webhooks, with what came back.
    Webhooks,
    /// Sessions that ended.
    Sessions,
    /// Which orders were told of what; nobody looks for them after an hour, or after their end.
    MessageMarks,
    /// Who wants to be told that something is back, and never was.
    StockNotices,
    /// Tokens of mails that are too old.
    Proofs,
    /// Refused access tokens that have run out by now.
    Revocations,
    /// Keys that signed access tokens once.
    SigningKeys,
    /// Keys of accepted orders; they promise 24 hours.
    IdempotencyKeys,
    /// What was posted as a payment notice and was none.
    RefusedNotices,
    /// Files of products that were taken, or were not, with their bad rows.
    ProductImports,
    /// Closed reservations, which go to the archive, one shard after the other.
    Reservations,
}

/// Where a chore that goes through a table, or through all shards, begins or goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Walk {
    keys: idempotency::Walk,
    events: forget::Walk,
    shard: u8,
}

/// How long things are kept where the operator says so.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Closed reservations at hand.
    pub closed: SignedDuration,
    /// The log of webhooks.
    pub webhooks: SignedDuration,
}

impl Chore {
    const ALL: [Self; 14] = [
        Self::Events,
        Self::Jobs,
        Self::MessageMarks,
        Self::StockNotices,
        Self::Inbox,
        Self::Webhooks,
        Self::Sessions,
        Self::Proofs,
        Self::Revocations,
        Self::SigningKeys,
        Self::IdempotencyKeys,
        Self::RefusedNotices,
        Self::ProductImports,
        Self::Reservations,
    ];

    /// How long it is kept.
    const fn kept_for(self, kept: Kept) -> SignedDuration {
        match self {
            Self::Events | Self::Jobs | Self::MessageMarks => SignedDuration::from_hours(24 * 7),
            // Longer than whatever could bring an event again.
            Self::Inbox | Self::Sessions | Self::RefusedNotices | Self::ProductImports => {
                SignedDuration::from_hours(24 * 30)
            }
            Self::Webhooks => kept.webhooks,
            Self::StockNotices => SignedDuration::from_hours(24 * 180),
            Self::Proofs | Self::Revocations => SignedDuration::from_hours(1),
            // Their last token ran out after a quarter of an hour.
            Self::SigningKeys => SignedDuration::from_hours(24),
            Self::IdempotencyKeys => SignedDuration::from_hours(48),
            Self::Reservations => kept.closed,
        }
    }

    /// Forgets a batch; `walk` says where it begins, where that matters.
    async fn batch(self, db: &Db, before: Timestamp, walk: Walk) -> DbResult<Batch> {
        let mut tx = db.begin().await?;
        let gone = match self {
            Self::Events => {
                let step = outbox::forget_published(&mut tx, before, walk.events, BATCH).await?;
                tx.commit().await?;
                let forget::Step { forgotten, rest } = step;
                let rest = rest.map(|events| Walk { events, ..walk });
                return Ok(Batch { gone: forgotten, rest });
            }
            Self::Jobs => outbox::forget_finished(&mut tx, before, BATCH).await?,
            Self::Inbox => outbox::forget_seen(&mut tx, before, BATCH).await?,
            Self::Webhooks => webhooks::retention::forget(&mut tx, before, BATCH).await?,
            Self::MessageMarks => notifications::marks::forget(&mut tx, before, BATCH).await?,
            Self::StockNotices => notifications::notices::forget(&mut tx, before, BATCH).await?,
            Self::Sessions => identity::purge_sessions(&mut tx, before, BATCH).await?,
            Self::Proofs => identity::purge_proofs(&mut tx, before, BATCH).await?,
            Self::Revocations => identity::purge_revocations(&mut tx, before, BATCH).await?,
            Self::RefusedNotices => {
                payments::notices::forget_refused(&mut tx, before, BATCH).await?
            }
            Self::ProductImports => catalog::forget_imports(&mut tx, before, BATCH).await?,
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

/// All chores, as a recurring job. Two at once would do no harm, only the same work twice.
#[derive(Clone, Debug)]
pub struct Housekeeping {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: SharedClock,
    /// How long things are kept.
    pub kept: Kept,
}

impl Recurring for Housekeeping {
    fn name(&self) -> &'static str {
        "housekeeping"
    }

    fn every(&self) -> Duration {
        PERIOD
    }

    /// One chore that fails does not keep the others.
    fn run<'a>(&'a self, turn: &'a Turn) -> BoxFuture<'a, Result<String, HandleError>> {
        Box::pin(async move {
            let (mut done, mut failed) = (String::new(), String::new());
            for chore in Chore::ALL {
                let before = self.clock.now() - chore.kept_for(self.kept);
                match tidy(chore, &self.db, before, turn).await {
                    Ok(0) => {}
                    Ok(rows) => write!(done, "{chore:?} {rows}, ")?,
                    Err(error) => write!(failed, "{chore:?}: {error}, ")?,
                }
            }
            let words = |text: &str| text.trim_end_matches(", ").to_owned();
            match (failed.is_empty(), done.is_empty()) {
                (false, _) => Err(HandleError::new(words(&failed))),
                (true, true) => Ok("nothing was old enough".to_owned()),
                (true, false) => Ok(words(&done)),
            }
        })
    }
}

/// Does a chore to its end, or until the turn is over; how many rows it was.
async fn tidy(chore: Chore, db: &Db, before: Timestamp, turn: &Turn) -> DbResult<u64> {
    let mut total = 0;
    let mut next = Some(Walk::default());
    while let Some(walk) = next.take().filter(|_| !turn.is_over()) {
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
    Ok(total)
}

#[cfg(test)]
mod tests {
    use testkit::TestDb;

    use super::*;

    const KEPT: Kept =
        Kept { closed: SignedDuration::from_hours(720), webhooks: SignedDuration::from_hours(720) };

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

    #[tokio::test]
    async fn one_chore_that_fails_is_told_and_keeps_no_other() {
        let test = TestDb::new().await;
        let keeper = Housekeeping { db: test.db().clone(), clock: test.shared_clock(), kept: KEPT };
        let turn = Turn::unscheduled("housekeeping");
        assert_eq!(keeper.run(&turn).await.unwrap(), "nothing was old enough");
        let mut conn = test.owner().acquire().await.unwrap();
        sqlx::raw_sql(
            "INSERT INTO outbox.inbox VALUES ('x', gen_random_uuid(), '2020-01-01');
             REVOKE DELETE ON outbox.jobs FROM oxcart_app",
        )
        .execute(&mut *conn)
        .await
        .unwrap();
        let told = keeper.run(&turn).await.unwrap_err().to_string();
        assert!(told.starts_with("Jobs: "), "{told}");
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox.inbox")
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        assert_eq!(left, 0);
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
        let before = now.to_jiff() - Chore::Reservations.kept_for(KEPT);
        let turn = Turn::unscheduled("housekeeping");
        assert_eq!(tidy(Chore::Reservations, test.db(), before, &turn).await.unwrap(), 64);
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
        let kept = Chore::IdempotencyKeys.kept_for(KEPT);
        assert!(kept >= SignedDuration::from_hours(24));
    }
}
