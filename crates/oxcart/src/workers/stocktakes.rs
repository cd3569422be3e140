//! Stock is never frozen for ever: stocktakes whose time is over end, and their rows thaw. On any
//! number of nodes at once; one that somebody is just posting is looked at again in the next round,
//! one that cannot be ended ever more rarely, and neither keeps anybody from ending the others.

use std::{collections::HashMap, time::Duration};

use inventory::{
    SaveContext,
    stocktakes::{self, StocktakeError},
};
use jiff::{SignedDuration, Timestamp};
use kernel::{Ids, SharedClock, id::StocktakeId};
use pg::{Backoff, Db, DbError, DbResult, retry};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::supervise::worker;

/// The pause between two rounds.
const PERIOD: Duration = Duration::from_secs(1);
/// The longest pause before one that could not be ended is tried again; the first is a second, and
/// each is twice the one before.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(300);

/// Starts the worker.
pub fn spawn(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    db: &Db,
    clock: &SharedClock,
    ids: &Ids,
) {
    let (db, clock, ids) = (db.clone(), clock.clone(), ids.clone());
    worker::spawn(tasks, stop, "stocktakes", move |stop| {
        run(db.clone(), clock.clone(), ids.clone(), stop)
    });
}

/// Those that could not be ended: when to try again, and the pause that this was.
type Stuck = HashMap<StocktakeId, (Timestamp, SignedDuration)>;

async fn run(db: Db, clock: SharedClock, ids: Ids, stop: CancellationToken) {
    let mut stuck = Stuck::new();
    while !stop.is_cancelled() {
        round(&db, &clock, &ids, &mut stuck, &stop).await;
        if stop.run_until_cancelled(sleep(PERIOD)).await.is_none() {
            return;
        }
    }
}

/// Ends every stocktake whose time is over. Each is tried once: one that cannot be ended keeps nobody
/// from ending the others, and is tried again when its pause is over.
async fn round(
    db: &Db,
    clock: &SharedClock,
    ids: &Ids,
    stuck: &mut Stuck,
    stop: &CancellationToken,
) {
    let now = clock.now();
    let pausing = stuck.iter().filter(|(_, (again, _))| *again > now);
    let mut tried: Vec<_> = pausing.map(|(id, _)| *id).collect();
    while !stop.is_cancelled() {
        let id = match next_due(db, clock, &tried).await {
            Ok(Some(id)) => id,
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(%error, "stocktakes could not be looked for; trying again");
                return;
            }
        };
        tried.push(id);
        if let Err(error) = expire(db, clock, ids, id).await {
            let last = stuck.get(&id).map(|(_, pause)| *pause);
            let pause = last.map_or(SignedDuration::from_secs(1), longer);
            stuck.insert(id, (now + pause, pause));
            tracing::error!(
                stocktake.id = %id,
                %error,
                "the stocktake {id} could not be ended, and its rows stay frozen; trying again in \
                 {} s",
                pause.as_secs()
            );
        }
    }
    // Who was given more time, or ended by hand, was not found any more.
    stuck.retain(|id, _| tried.contains(id));
}

fn longer(pause: SignedDuration) -> SignedDuration {
    pause.saturating_mul(2).min(LONGEST_PAUSE)
}

async fn next_due(
    db: &Db,
    clock: &SharedClock,
    tried: &[StocktakeId],
) -> DbResult<Option<StocktakeId>> {
    let mut conn = db.acquire().await?;
    stocktakes::next_due(&mut conn, clock.now(), tried).await
}

/// Ends a stocktake whose time is over; whether it did.
async fn expire(
    db: &Db,
    clock: &SharedClock,
    ids: &Ids,
    id: StocktakeId,
) -> Result<bool, StocktakeError> {
    retry(Backoff::TRANSACTION, ids, async || {
        let mut tx = db.begin().await?;
        let context = SaveContext { clock: &**clock, ids };
        let ended = stocktakes::expire(&mut tx, id, clock.now(), &context).await?;
        let Some((stocktake, thawed)) = ended else { return Ok(false) };
        tx.commit().await.map_err(DbError::from)?;
        let name = stocktake.name();
        tracing::warn!(
            stocktake = name,
            rows = thawed,
            "the stocktake {name} expired; {thawed} rows thawed"
        );
        Ok(true)
    })
    .await
}

#[cfg(test)]
mod tests {
    use inventory::{
        Cause,
        stocktakes::{Opening, StocktakeStatus},
    };
    use kernel::{
        Actor,
        id::{VariantId, WarehouseId},
    };
    use testkit::{TestDb, seed::Shop};

    use super::*;

    /// Opens a stocktake in Taipei that ends after so many hours.
    async fn open(
        test: &TestDb,
        warehouse: WarehouseId,
        variants: Option<Vec<VariantId>>,
        hours: i64,
    ) -> StocktakeId {
        let (clock, ids) = (test.shared_clock(), test.ids());
        let at = clock.now();
        let opening = Opening {
            warehouse,
            variants,
            counts_required: 1,
            expires_at: at + SignedDuration::from_hours(hours),
            note: String::new(),
        };
        let cause = Cause { actor: Actor::System, reference: None, reason: None, at };
        let context = SaveContext { clock: &*clock, ids };
        let (id, by) = (ids.next::<StocktakeId>(&*clock), ids.next(&*clock));
        let mut tx = test.db().begin().await.unwrap();
        stocktakes::open(&mut tx, id, &opening, by, &cause, &context).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// How many rows of the variant are frozen, and how far the stocktake has come.
    async fn state(test: &TestDb, variant: VariantId, id: StocktakeId) -> (usize, StocktakeStatus) {
        let mut conn = test.db().acquire().await.unwrap();
        let rows = inventory::balances(&mut conn, variant).await.unwrap();
        let held = rows.iter().filter(|row| row.frozen_by.is_some()).count();
        let stocktake = stocktakes::find(&mut conn, id).await.unwrap().unwrap();
        (held, stocktake.status)
    }

    /// The node that opened it dies: nothing of it is left but what the database holds.
    #[tokio::test]
    async fn an_abandoned_stocktake_ends_when_its_time_is_over_and_not_before() {
        let test = TestDb::new().await;
        let shop = Shop::small(&test).await;
        let (db, clock, ids) = (test.db(), test.shared_clock(), test.ids());
        let never = CancellationToken::new();
        let id = open(&test, shop.taipei, None, 4).await;
        let frozen = async || state(&test, shop.mug_white, id).await;
        assert_eq!(frozen().await, (1, StocktakeStatus::Open));
        test.clock().advance(SignedDuration::from_secs(4 * 3600 - 1));
        round(db, &clock, ids, &mut Stuck::new(), &never).await;
        assert!(!expire(db, &clock, ids, id).await.unwrap());
        assert_eq!(frozen().await, (1, StocktakeStatus::Open));

        test.clock().advance(SignedDuration::from_secs(1));
        // On two nodes at once, it ends once.
        let both = tokio::join!(expire(db, &clock, ids, id), expire(db, &clock, ids, id));
        assert_ne!(both.0.unwrap(), both.1.unwrap());
        assert_eq!(frozen().await, (0, StocktakeStatus::Expired));
        assert!(!expire(db, &clock, ids, id).await.unwrap());
        assert_eq!(next_due(db, &clock, &[]).await.unwrap(), None);
        test.assert_ledger_balanced().await;
    }

    #[tokio::test]
    async fn one_that_cannot_be_ended_keeps_nobody_from_ending_the_others() {
        let test = TestDb::new().await;
        let shop = Shop::small(&test).await;
        let (db, clock, ids) = (test.db(), test.shared_clock(), test.ids());
        let never = CancellationToken::new();
        let (white, black) = (shop.mug_white, shop.mug_black);
        let stuck = open(&test, shop.taipei, Some(vec![white]), 1).await;
        let other = open(&test, shop.taipei, Some(vec![black]), 2).await;
        // Somebody went behind the program's back: the number of its next movement is taken.
        let mut owner = test.owner().acquire().await.unwrap();
        sqlx::query(
            "INSERT INTO inventory.movements (shard, variant_id, warehouse_id, seq, kind, d_total,
                 d_available, d_reserved, d_sold, available_after, actor_kind, reason, occurred_at)
             SELECT shard, variant_id, warehouse_id, version + 1, 'freeze', 0, 0, 0, 0, available,
                    'system', 'forged', now()
               FROM inventory.stock WHERE variant_id = $1 AND warehouse_id = $2",
        )
        .bind(white.as_uuid())
        .bind(shop.taipei.as_uuid())
        .execute(&mut *owner)
        .await
        .unwrap();
        test.clock().advance(SignedDuration::from_hours(2));
        assert_eq!(next_due(db, &clock, &[]).await.unwrap(), Some(stuck));
        let mut waiting = Stuck::new();
        // Each pause is twice the one before: in the third second nobody tries.
        for (round_of, pause) in [(0, 1), (1, 2), (2, 2), (3, 4)] {
            if round_of > 0 {
                test.clock().advance(SignedDuration::from_secs(1));
            }
            round(db, &clock, ids, &mut waiting, &never).await;
            assert_eq!(waiting[&stuck].1.as_secs(), pause, "after {round_of} s");
            assert_eq!(waiting.len(), 1);
        }
        assert_eq!(state(&test, white, stuck).await, (1, StocktakeStatus::Open));
        assert_eq!(state(&test, black, other).await, (0, StocktakeStatus::Expired));

        sqlx::query("DELETE FROM inventory.movements WHERE reason = 'forged'")
            .execute(&mut *owner)
            .await
            .unwrap();
        round(db, &clock, ids, &mut waiting, &never).await;
        assert_eq!(state(&test, white, stuck).await, (1, StocktakeStatus::Open), "it waits");
        test.clock().advance(SignedDuration::from_secs(4));
        round(db, &clock, ids, &mut waiting, &never).await;
        assert_eq!(state(&test, white, stuck).await, (0, StocktakeStatus::Expired));
        round(db, &clock, ids, &mut waiting, &never).await;
        assert!(waiting.is_empty(), "what has ended is forgotten");
        test.assert_ledger_balanced().await;
    }

    #[test]
    fn pauses_grow_up_to_five_minutes() {
        let first = SignedDuration::from_secs(1);
        let pauses = std::iter::successors(Some(first), |pause| Some(longer(*pause)));
        let seconds: Vec<i64> = pauses.take(11).map(|pause| pause.as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[tokio::test]
    async fn the_worker_stops_when_told() {
        let test = TestDb::new().await;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        spawn(&tasks, &stop, test.db(), &test.shared_clock(), test.ids());
        tasks.close();
        stop.cancel();
        tasks.wait().await;
    }
}
