//! Planted damage, found and repaired: afterwards the ledger explains every row again.

use inventory::{
    SaveContext, StockKey,
    repair::{Books, Irreparable, discrepancies, repair},
};

use crate::bench::Bench;

impl Bench {
    async fn damage(&self, sql: &'static str) {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut *conn).await.unwrap();
    }

    async fn found(&self) -> Vec<Books> {
        let mut conn = self.test.db().acquire().await.unwrap();
        discrepancies(&mut conn).await.unwrap()
    }

    async fn repair(&self, key: StockKey) -> Option<Books> {
        let clock = self.test.shared_clock();
        let context = SaveContext { clock: &*clock, ids: self.test.ids() };
        let mut cause = self.cause();
        cause.reason = Some("repair");
        let mut tx = self.test.db().begin().await.unwrap();
        let found = repair(&mut tx, key, &cause, &context).await.unwrap();
        tx.commit().await.unwrap();
        found
    }

    /// Deltas of the movements that repaired something.
    async fn repairs(&self) -> Vec<(i32, i32, i32, i32)> {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_as(
            "SELECT d_total, d_available, d_reserved, d_sold FROM inventory.movements
              WHERE reason = 'repair' AND kind = 'adjust' ORDER BY variant_id, warehouse_id, seq",
        )
        .fetch_all(&mut *conn)
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn a_row_that_was_changed_behind_the_ledgers_back_is_explained_again() {
    let bench = Bench::new().await;
    let (white, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let key = StockKey { variant: white, warehouse: taipei };
    bench.order(&[(white, taipei, 2)]).await;
    assert_eq!(bench.found().await, []);
    assert_eq!(bench.repair(key).await, None);

    bench
        .damage(
            "UPDATE inventory.stock SET total = 15, available = 13
              WHERE total = 10 AND reserved = 2",
        )
        .await;
    let found = bench.found().await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key, key);
    assert_eq!(bench.stock(white, taipei).await, [15, 13, 2, 0], "looking changes nothing");
    assert_eq!(bench.repair(key).await.as_ref(), found.first());
    assert_eq!(bench.repairs().await, [(5, 5, 0, 0)]);
    assert_eq!(bench.stock(white, taipei).await, [15, 13, 2, 0]);
    assert_eq!(bench.repair(key).await, None, "once is enough");
    bench.test.assert_ledger_balanced().await;

    // Units were moved between the row's buckets: the orders know what is reserved.
    bench.damage("UPDATE inventory.stock SET available = 10, reserved = 5 WHERE total = 15").await;
    bench.repair(key).await.unwrap();
    assert_eq!(bench.repairs().await, [(5, 5, 0, 0), (0, 0, 0, 0)]);
    assert_eq!(bench.stock(white, taipei).await, [15, 13, 2, 0]);
    assert_eq!(bench.found().await, []);
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn a_ledger_that_lost_its_end_goes_on_from_what_is_left() {
    let bench = Bench::new().await;
    let (white, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let key = StockKey { variant: white, warehouse: taipei };
    bench.order(&[(white, taipei, 2)]).await;
    bench.damage("DELETE FROM inventory.movements WHERE kind = 'reserve'").await;
    assert_eq!(bench.found().await[0].repair().unwrap().delta.reserved, 2);
    bench.repair(key).await.unwrap();
    assert_eq!(bench.repairs().await, [(0, -2, 2, 0)]);
    assert_eq!(bench.stock(white, taipei).await, [10, 8, 2, 0]);
    bench.test.assert_ledger_balanced().await;
    // Only the count is wrong.
    bench.damage("UPDATE inventory.stock SET version = 7 WHERE reserved = 2").await;
    bench.repair(key).await.unwrap();
    assert_eq!(bench.repairs().await, [(0, -2, 2, 0), (0, 0, 0, 0)]);
    assert_eq!(bench.found().await, []);
}

#[tokio::test]
async fn what_no_adjustment_repairs_is_told_and_left_alone() {
    let bench = Bench::new().await;
    let (white, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let key = StockKey { variant: white, warehouse: taipei };
    bench.order(&[(white, taipei, 2)]).await;
    bench
        .damage(
            "DELETE FROM inventory.movements USING inventory.stock s
              WHERE kind = 'receive' AND s.reserved = 2 AND movements.variant_id = s.variant_id
                AND movements.warehouse_id = s.warehouse_id;
             DELETE FROM inventory.stock WHERE total = 100",
        )
        .await;
    let found = bench.found().await;
    let why: Vec<_> = found.iter().map(|books| books.repair().unwrap_err()).collect();
    assert_eq!(why, [Irreparable::Gaps, Irreparable::NoRow]);
    assert!(bench.repair(key).await.is_some());
    assert_eq!(bench.repairs().await, []);
    assert_eq!(bench.found().await, found);
}
