//! Stock is never frozen for ever: stocktakes whose time is over end, and their rows thaw. On any
//! number of nodes at once; one that somebody is just posting is looked at again the next time.

use std::time::Duration;

use inventory::{SaveContext, stocktakes::StocktakeError};
use kernel::{Ids, SharedClock};
use pg::{Backoff, Db, DbError, retry};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::supervise::worker;

/// How often to look when none was due.
const PERIOD: Duration = Duration::from_secs(1);

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

async fn run(db: Db, clock: SharedClock, ids: Ids, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let more = match expire_one(&db, &clock, &ids).await {
            Ok(more) => more,
            Err(error) => {
                tracing::warn!(%error, "a stocktake could not be ended; trying again");
                false
            }
        };
        if !more && stop.run_until_cancelled(sleep(PERIOD)).await.is_none() {
            return;
        }
    }
}

/// Ends one stocktake whose time is over; whether there was one.
async fn expire_one(db: &Db, clock: &SharedClock, ids: &Ids) -> Result<bool, StocktakeError> {
    retry(Backoff::TRANSACTION, ids, async || {
        let mut tx = db.begin().await?;
        let context = SaveContext { clock: &**clock, ids };
        let ended = inventory::stocktakes::expire_next(&mut tx, clock.now(), &context).await?;
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
        stocktakes::{self, Opening, StocktakeStatus},
    };
    use jiff::SignedDuration;
    use kernel::{Actor, id::StocktakeId};
    use testkit::{TestDb, seed::Shop};

    use super::*;

    /// The node that opened it dies: nothing of it is left but what the database holds.
    #[tokio::test]
    async fn an_abandoned_stocktake_ends_when_its_time_is_over_and_not_before() {
        let test = TestDb::new().await;
        let shop = Shop::small(&test).await;
        let (db, clock, ids) = (test.db(), test.shared_clock(), test.ids());
        let opening = Opening {
            warehouse: shop.taipei,
            variants: None,
            counts_required: 1,
            expires_at: clock.now() + SignedDuration::from_hours(4),
            note: String::new(),
        };
        let (actor, at) = (Actor::System, clock.now());
        let cause = Cause { actor, reference: None, reason: None, at };
        let context = SaveContext { clock: &*clock, ids };
        let id = ids.next::<StocktakeId>(&*clock);
        let by = ids.next(&*clock);
        let mut tx = db.begin().await.unwrap();
        stocktakes::open(&mut tx, id, &opening, by, &cause, &context).await.unwrap();
        tx.commit().await.unwrap();

        let frozen = async || {
            let mut conn = db.acquire().await.unwrap();
            let rows = inventory::balances(&mut conn, shop.mug_white).await.unwrap();
            let held = rows.iter().filter(|row| row.frozen_by.is_some()).count();
            let stocktake = stocktakes::find(&mut conn, id).await.unwrap().unwrap();
            (held, stocktake.status)
        };
        assert_eq!(frozen().await, (1, StocktakeStatus::Open));
        test.clock().advance(SignedDuration::from_secs(4 * 3600 - 1));
        assert!(!expire_one(db, &clock, ids).await.unwrap());
        assert_eq!(frozen().await, (1, StocktakeStatus::Open));

        test.clock().advance(SignedDuration::from_secs(1));
        // On two nodes at once, it ends once.
        let both = tokio::join!(expire_one(db, &clock, ids), expire_one(db, &clock, ids));
        assert_ne!(both.0.unwrap(), both.1.unwrap());
        assert_eq!(frozen().await, (0, StocktakeStatus::Expired));
        assert!(!expire_one(db, &clock, ids).await.unwrap());
        test.assert_ledger_balanced().await;
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
