//! Operations are told once each time that a row falls below its safety stock (BR-005).

use inventory::{MovementKind, SaveContext, StockKey, receive::set_safety_stock};
use serde_json::json;

use crate::bench::Bench;

impl Bench {
    async fn level(&self, key: StockKey, level: i32) {
        let clock = self.test.shared_clock();
        let context = SaveContext { clock: &*clock, ids: self.test.ids() };
        let cause = self.cause();
        let mut tx = self.test.db().begin().await.unwrap();
        let (_, row) = set_safety_stock(&mut tx, key, level, &cause, &context).await.unwrap();
        assert_eq!(row.safety_stock, level);
        tx.commit().await.unwrap();
    }

    async fn alerts(&self) -> Vec<(i64, i64)> {
        let number = |value: &serde_json::Value| value.as_i64().unwrap();
        let alerts = self.events("inventory.low_stock").await;
        alerts.iter().map(|it| (number(&it["available"]), number(&it["safety_stock"]))).collect()
    }
}

#[tokio::test]
async fn each_downward_crossing_is_told_once_whatever_caused_it() {
    let bench = Bench::new().await;
    let key = StockKey { variant: bench.shop.mug_white, warehouse: bench.shop.taipei };
    let cause = bench.cause();
    let adjust = async |by: i32| {
        let how = |ledger: &mut inventory::Ledger| ledger.adjust(key, by, &cause).map(drop);
        bench.change(&[key.variant], how).await.unwrap();
    };
    // Ten are there. As many as the level are enough; one less is not.
    bench.level(key, 10).await;
    assert_eq!(bench.alerts().await, []);
    adjust(-1).await;
    assert_eq!(bench.alerts().await, [(9, 10)]);
    adjust(-5).await;
    bench.level(key, 12).await;
    assert_eq!(bench.alerts().await, [(9, 10)], "it is low already");
    // Not yet recovered at 11, recovered at 12; then again.
    adjust(7).await;
    adjust(-1).await;
    assert_eq!(bench.alerts().await, [(9, 10)]);
    adjust(2).await;
    adjust(-1).await;
    assert_eq!(bench.alerts().await, [(9, 10), (11, 12)]);
    // The level itself crosses: down to where it is enough, and up again.
    bench.level(key, 11).await;
    bench.level(key, 11).await;
    assert_eq!(bench.alerts().await.len(), 2);
    bench.level(key, 100).await;
    assert_eq!(bench.alerts().await, [(9, 10), (11, 12), (11, 100)]);
    // A level of nothing never alerts.
    bench.level(key, 0).await;
    adjust(-11).await;
    assert_eq!(bench.alerts().await.len(), 3);
    assert_eq!(
        bench.events("inventory.low_stock").await[2],
        json!({"variant_id": key.variant, "warehouse_id": key.warehouse, "available": 11,
            "safety_stock": 100})
    );
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn what_recovers_within_one_transaction_was_never_low() {
    let bench = Bench::new().await;
    let key = StockKey { variant: bench.shop.mug_white, warehouse: bench.shop.taipei };
    bench.level(key, 10).await;
    let cause = bench.cause();
    let dip = |ledger: &mut inventory::Ledger| {
        ledger.apply(key, MovementKind::Reserve, 4, &cause)?;
        ledger.apply(key, MovementKind::Release, 4, &cause).map(drop)
    };
    bench.change(&[key.variant], dip).await.unwrap();
    assert_eq!(bench.alerts().await, []);
    // Many in one transaction are one alert.
    let fall = |ledger: &mut inventory::Ledger| {
        ledger.apply(key, MovementKind::Reserve, 1, &cause)?;
        ledger.apply(key, MovementKind::Reserve, 1, &cause).map(drop)
    };
    bench.change(&[key.variant], fall).await.unwrap();
    assert_eq!(bench.alerts().await, [(8, 10)]);
}

#[tokio::test]
async fn a_level_is_set_where_nothing_ever_lay_and_counts_as_a_movement() {
    let bench = Bench::new().await;
    let key = StockKey { variant: bench.shop.mug_black, warehouse: bench.shop.kaohsiung };
    bench.level(key, 3).await;
    assert_eq!(bench.alerts().await, [(0, 3)]);
    bench.level(key, 3).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let rows = inventory::balances(&mut conn, key.variant).await.unwrap();
    let row = rows.iter().find(|row| row.key == key).unwrap();
    assert_eq!((row.safety_stock, row.version), (3, 1));
    assert_eq!(bench.events("inventory.adjusted").await.len(), 0);
}
