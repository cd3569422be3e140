//! What goes wrong beneath a batch, and that nobody but the guilty notices.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::future::join_all;
use intake::{PlaceError, PlaceOrder, Placed, Refusal, Settings};

use crate::bench::{Bench, quick};

/// Small batches from several batchers, so that many transactions are under way at once.
fn busy() -> Settings {
    Settings { batch: 5, batchers: 4, persistence: Duration::from_mins(1), ..quick() }
}

fn ids(answers: &[Result<Arc<Placed>, PlaceError>]) -> HashSet<kernel::id::OrderId> {
    answers.iter().flatten().map(|placed| placed.order.id).collect()
}

/// Asks until the answer is definite.
async fn insist(bench: &Bench, request: PlaceOrder) -> Arc<Placed> {
    loop {
        match bench.intake.place(request.clone()).await {
            Ok(placed) => return placed,
            Err(PlaceError::Unavailable | PlaceError::StillWorking) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn connections_that_are_shot_down_lose_and_double_nothing() {
    let bench = Bench::with(busy()).await;
    let tote = bench.shop.tote_large;
    let requests: Vec<_> = (0..100).map(|_| bench.order(&[(tote, 1)])).collect();
    let shooting = async {
        // As long as orders are being placed, whoever works for the shop is shot.
        let mut conn = bench.test.owner().acquire().await.unwrap();
        let mut shot = 0_i64;
        loop {
            let (hit, placed): (i64, i64) = sqlx::query_as(
                // Materialised: nobody may be shot before it is known whose he is.
                "WITH ours AS MATERIALIZED (
                     SELECT pid FROM pg_stat_activity
                      WHERE datname = current_database() AND pid <> pg_backend_pid()
                        AND state <> 'idle' AND backend_type = 'client backend')
                 SELECT (SELECT count(*) FROM ours WHERE pg_terminate_backend(pid)),
                        (SELECT count(*) FROM orders.orders)",
            )
            .fetch_one(&mut *conn)
            .await
            .unwrap();
            shot += hit;
            if placed == 100 || shot >= 20 {
                return shot;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    };
    let placing = join_all(requests.iter().cloned().map(|request| insist(&bench, request)));
    let (placed, shot) = tokio::join!(placing, shooting);
    assert!(shot > 0, "nobody was hit");
    let placed: Vec<_> = placed.into_iter().map(Ok).collect();
    assert_eq!(ids(&placed).len(), 100);
    // Every key still finds its own order.
    for (request, first) in requests.into_iter().zip(&placed).step_by(10) {
        assert_eq!(insist(&bench, request).await.order.id, first.as_ref().unwrap().order.id);
    }
    assert_eq!(bench.count("SELECT count(*) FROM orders.orders").await, 100);
    assert_eq!(bench.stock(tote, bench.shop.taipei).await.reserved, 100);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_deadlock_with_somebody_careless_is_tried_again() {
    let bench = Bench::with(busy()).await;
    let shop = bench.shop;
    // Takes the two rows the wrong way round, while an order holds the first and wants the second.
    let mut careless = bench.test.owner().begin().await.unwrap();
    let lock = "SELECT count(*) FROM (SELECT FROM inventory.stock WHERE variant_id = $1
                  ORDER BY warehouse_id FOR UPDATE) AS locked";
    let hold = |variant: kernel::id::VariantId| sqlx::query(lock).bind(variant.as_uuid());
    let (low, high) = if shop.mug_white < shop.tote_large {
        (shop.mug_white, shop.tote_large)
    } else {
        (shop.tote_large, shop.mug_white)
    };
    hold(high).execute(&mut *careless).await.unwrap();
    let placing = bench.intake.place(bench.order(&[(low, 1), (high, 1)]));
    let crossing = async {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                       AND wait_event_type = 'Lock'";
        while bench.count(waits).await == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // One of the two is chosen as the victim; either way the order is placed.
        let crossed = hold(low).execute(&mut *careless).await;
        careless.rollback().await.unwrap();
        crossed.is_err()
    };
    let (placed, _careless_lost) = tokio::join!(placing, crossing);
    assert_eq!(placed.unwrap().deductions.len(), 2);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn one_key_with_two_bodies_on_two_shards_is_one_order_however_they_meet() {
    let bench = Bench::with(Settings { batch: 1, batchers: 4, ..quick() }).await;
    let shop = bench.shop;
    bench.receive(shop.mug_black, 20).await;
    assert_ne!(shop.mug_white.shard(), shop.mug_black.shard());
    for _ in 0..8 {
        let first = bench.order(&[(shop.mug_white, 1)]);
        let mut other = bench.order(&[(shop.mug_black, 1)]);
        (other.key, other.fingerprint) = (first.key, [8; 32]);
        let asked = [first.clone(), other.clone(), first.clone(), other.clone()];
        let answers = bench.place_all(asked).await;
        assert_eq!(ids(&answers).len(), 1, "{answers:?}");
        let reused = Err(PlaceError::Refused(Refusal::KeyReused));
        assert_eq!(answers.iter().filter(|answer| **answer == reused).count(), 2);
    }
    assert_eq!(bench.count("SELECT count(*) FROM orders.orders").await, 8);
    bench.assert_books_are_right().await;
}
