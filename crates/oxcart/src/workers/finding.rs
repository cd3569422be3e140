//! The search index, kept as the catalogue is.

use std::time::Duration;

use anyhow::Result;
use pg::Db;
use queries::search::{RefreshError, Refresher};
use search::Search;
use telemetry::{Metrics, prometheus::IntGauge};
use tokio::time::{Instant, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::supervise::worker;

/// Between two looks whether the catalogue has changed.
const PERIOD: Duration = Duration::from_millis(500);
/// Between two looks at what is left.
const STOCK_PERIOD: Duration = Duration::from_secs(3);
/// After a piece of work, so many times what it took, nothing is done: a large shop whose catalogue
/// changes all the time spends a tenth of one processor on it, and a small one is up to date at once.
const REST: u32 = 10;
/// The longest such rest.
const REST_LONGEST: Duration = Duration::from_mins(1);

/// Starts the worker.
pub fn spawn(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    metrics: &Metrics,
    db: &Db,
    search: Search,
) -> Result<()> {
    let products = metrics.gauge("oxcart_search_products", "Products in the search index")?;
    let db = db.clone();
    worker::spawn(tasks, stop, "search", move |stop| {
        run(db.clone(), Refresher::new(search.clone()), products.clone(), stop)
    });
    Ok(())
}

async fn run(db: Db, mut refresher: Refresher, products: IntGauge, stop: CancellationToken) {
    let (mut catalogue_at, mut stock_at) = (Instant::now(), Instant::now());
    let mut blind = false;
    while !stop.is_cancelled() {
        let round = async {
            if Instant::now() >= catalogue_at {
                let began = Instant::now();
                if let Some(count) = refresher.refresh(&db).await? {
                    let took = began.elapsed();
                    products.set(i64::try_from(count).unwrap_or(i64::MAX));
                    tracing::debug!(products = count, took_ms = took.as_millis(), "index made");
                    catalogue_at = began + took + rest(took, PERIOD);
                }
            }
            if Instant::now() >= stock_at {
                let began = Instant::now();
                refresher.refresh_stock(&db).await?;
                stock_at = Instant::now() + rest(began.elapsed(), STOCK_PERIOD);
            }
            Ok::<_, RefreshError>(())
        };
        // Not in the middle of it: what is being made is let go of at the end.
        let Some(done) = stop.run_until_cancelled(round).await else { return };
        // Once for each time that something is wrong: the index of before goes on answering.
        match &done {
            Err(error) if !blind => tracing::warn!(%error, "the search index is not refreshed"),
            Ok(()) if blind => tracing::info!("the search index is refreshed again"),
            _ => {}
        }
        blind = done.is_err();
        if stop.run_until_cancelled(sleep(PERIOD)).await.is_none() {
            return;
        }
    }
}

/// How long nothing is done after work that took so long.
fn rest(took: Duration, least: Duration) -> Duration {
    (took * REST).clamp(least, REST_LONGEST)
}

#[cfg(test)]
mod tests {
    use search::{SearchError, SearchQuery};
    use testkit::{TestDb, seed::Shop};

    use super::*;

    #[test]
    fn a_small_shop_is_up_to_date_at_once_and_a_large_one_rests() {
        let (short, long) = (Duration::from_millis(3), Duration::from_secs(2));
        assert_eq!(rest(short, PERIOD), PERIOD);
        assert_eq!(rest(long, PERIOD), Duration::from_secs(20));
        assert_eq!(rest(long * 60, PERIOD), REST_LONGEST);
    }

    #[tokio::test]
    async fn the_worker_makes_an_index_and_stops_when_told() {
        let test = TestDb::new().await;
        Shop::small(&test).await;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let search = Search::default();
        let metrics = Metrics::new();
        assert!(matches!(search.snapshot(), Err(SearchError::NotReady)));
        spawn(&tasks, &stop, &metrics, test.db(), search.clone()).unwrap();
        let ready = async {
            while search.snapshot().is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ready).await.unwrap();
        let found = search.snapshot().unwrap().search(&SearchQuery::default(), test_now(&test));
        assert_eq!(found.unwrap().total, 2);
        stop.cancel();
        tasks.close();
        tasks.wait().await;
    }

    fn test_now(test: &TestDb) -> jiff::Timestamp {
        use kernel::Clock as _;
        test.clock().now()
    }
}
