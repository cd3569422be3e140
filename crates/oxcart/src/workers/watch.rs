//! What every node has to know soon, whichever did it: sessions that ended, policies that were
//! activated, keys that changed, and a catalogue that makes kept pages old.

use std::time::Duration;

use anyhow::Result;
use kernel::SharedClock;
use page_cache::Means;
use pg::{Db, DbOptions};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{compose::Base, keys::Keys, supervise::worker};

/// Between two looks at the denylist: a token is refused everywhere well within a second, and a price
/// that was changed is on everybody's page.
const PERIOD: Duration = Duration::from_millis(300);
/// How many of them for one look at the keys, which lie there a minute before they sign.
const KEYS_EVERY: u32 = 10;
/// How many of them before the decisions of policies are written down.
const DECISIONS_EVERY: u32 = 30;
/// A look that takes longer is given up and begun anew.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts the worker. It has a connection of its own: a crowd that holds all others must not keep
/// anybody signed in.
pub fn spawn(base: &Base, keys: &Keys, pages: &Means) -> Result<()> {
    let options = DbOptions::app(base.database_url.reveal()).with_max_connections(1);
    let (db, clock, keys) = (Db::open(&options)?, base.clock.clone(), keys.clone());
    let shown = pages.clone();
    worker::spawn(&pages.tasks, &pages.stop, "watch", move |stop| {
        run(db.clone(), clock.clone(), keys.clone(), shown.clone(), stop)
    });
    Ok(())
}

async fn run(db: Db, clock: SharedClock, keys: Keys, pages: Means, stop: CancellationToken) {
    let (mut round, mut blind) = (0_u32, false);
    while stop.run_until_cancelled(sleep(PERIOD)).await.is_some() {
        round = round.wrapping_add(1);
        let looked = timeout(PATIENCE, look(&db, &clock, &keys, &pages, round)).await;
        let failed = match looked {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("{error:#}")),
            Err(_) => Some("it took too long".to_owned()),
        };
        // Once for each time that the database is away: everybody else says so, too.
        match &failed {
            Some(error) if !blind => {
                tracing::warn!(%error, "denylist, policies and the catalogue's revision could not be read");
            }
            None if blind => {
                tracing::info!("denylist, policies and the catalogue's revision are read again");
            }
            _ => {}
        }
        blind = failed.is_some();
    }
    db.close().await;
}

async fn look(db: &Db, clock: &SharedClock, keys: &Keys, pages: &Means, round: u32) -> Result<()> {
    let mut conn = db.acquire().await?;
    if pages.generation.turn_to(catalog::revision(&mut conn).await?) {
        pages.metrics.purged();
    }
    keys.revocations.refresh(&mut conn, clock.now()).await?;
    keys.guardian.refresh(&mut conn).await?;
    if round.is_multiple_of(KEYS_EVERY) {
        keys.tokens.refresh(&mut conn).await?;
    }
    if round.is_multiple_of(DECISIONS_EVERY) {
        keys.guardian.write_decisions(&mut conn, clock.now()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use access::Guardian;
    use identity::{AccessTokens, Revocations, Rotation, SecondFactors};
    use page_cache::{Generation, PageCacheMetrics};
    use telemetry::Metrics;
    use testkit::TestDb;
    use tokio_util::task::TaskTracker;

    use super::*;

    #[tokio::test]
    async fn a_look_finds_what_ended_and_every_tenth_the_keys() {
        let test = TestDb::new().await;
        let clock = test.shared_clock();
        let mut conn = test.db().acquire().await.unwrap();
        let signing = identity::signing_keys(&mut conn, test.ids(), clock.now()).await.unwrap();
        let keys = Keys {
            tokens: AccessTokens::with_keys(&signing).unwrap(),
            revocations: Arc::new(Revocations::new()),
            guardian: Guardian::shipped(),
            second_factors: SecondFactors::new(&[1; 32]),
            order: [2; 32],
            challenge: [3; 32],
            webhook: [4; 32],
        };
        let user = test.ids().next(&*clock);
        identity::revoke_tokens(&mut conn, user, clock.now()).await.unwrap();
        let mut tx = test.db().begin().await.unwrap();
        let rotation = Rotation::AtOnce;
        let rotated = identity::rotate_signing_keys(&mut tx, rotation, test.ids(), clock.now());
        let kid = rotated.await.unwrap().kid();
        tx.commit().await.unwrap();

        let metrics = Metrics::new();
        let pages = Means {
            generation: Generation::default(),
            clock: clock.clone(),
            metrics: PageCacheMetrics::new(&metrics).unwrap(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };

        let knows = |keys: &Keys| format!("{:?}", keys.tokens).contains(&kid);
        look(test.db(), &clock, &keys, &pages, 9).await.unwrap();
        assert_eq!((keys.revocations.len(), knows(&keys)), (1, false));
        look(test.db(), &clock, &keys, &pages, 10).await.unwrap();
        assert!(knows(&keys));
        // The catalogue's revision was new once.
        let shown = metrics.encode().unwrap();
        assert!(shown.contains("\noxcart_page_cache_purges_total 1\n"), "{shown}");
        assert!(!pages.generation.turn_to(catalog::revision(&mut conn).await.unwrap()));
    }
}
