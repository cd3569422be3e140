//! Units that were paid for and never left are given back; and shipped ones are taken back, in good
//! order or not.

use std::collections::HashSet;

use inventory::{
    Fate, Fulfilment, InventoryError, Part, PartError, SaveContext, StockError, StockKey, parts,
    reservations,
};
use kernel::{
    Quantity,
    id::{OrderId, VariantId, WarehouseId},
};
use uuid::Uuid;

use crate::bench::Bench;

type Units = (i16, VariantId, WarehouseId, i64);

fn parts_of(units: &[Units]) -> Vec<Part> {
    let part = |(line_no, variant, warehouse, units): &Units| Part {
        line_no: *line_no,
        key: StockKey { variant: *variant, warehouse: *warehouse },
        quantity: Quantity::new(*units).unwrap(),
    };
    units.iter().map(part).collect()
}

impl Bench {
    async fn move_parts(
        &self,
        work: impl AsyncFnOnce(
            &mut pg::Connection,
            &inventory::Cause<'_>,
            &SaveContext<'_>,
        ) -> Result<(), PartError>,
    ) -> Result<(), PartError> {
        let clock = self.test.shared_clock();
        let context = SaveContext { clock: &*clock, ids: self.test.ids() };
        let mut tx = self.test.db().begin().await.unwrap();
        work(&mut tx, &self.cause(), &context).await?;
        tx.commit().await.unwrap();
        Ok(())
    }

    async fn withdraw(&self, order: OrderId, units: &[Units], fate: Fate) -> Result<(), PartError> {
        let parts = parts_of(units);
        self.move_parts(async |conn, cause, context| {
            parts::withdraw(conn, order, &parts, fate, cause, context).await
        })
        .await
    }

    async fn withdraw_all(&self, order: OrderId, fate: Fate) -> Result<(), PartError> {
        self.move_parts(async |conn, cause, context| {
            parts::withdraw_all(conn, order, fate, cause, context).await
        })
        .await
    }

    async fn send(&self, order: OrderId, units: &[Units]) {
        let parts = parts_of(units);
        self.move_parts(async |conn, cause, context| {
            parts::ship(conn, order, &parts, cause, context).await
        })
        .await
        .unwrap();
    }

    async fn take_back(
        &self,
        order: OrderId,
        (good, broken): (&[Units], &[Units]),
        bundles: &HashSet<VariantId>,
    ) -> Result<(), PartError> {
        let (good, broken) = (parts_of(good), parts_of(broken));
        self.move_parts(async |conn, cause, context| {
            let came = (good.as_slice(), broken.as_slice());
            parts::take_back(conn, order, came, bundles, cause, context).await
        })
        .await
    }

    async fn counts(&self, order: OrderId) -> Vec<[i32; 3]> {
        let mut conn = self.test.db().acquire().await.unwrap();
        let all = parts::fulfilments(&mut conn, &[order]).await.unwrap();
        all.iter().map(|it: &Fulfilment| [it.to_ship(), it.left(), it.out()]).collect()
    }

    async fn kinds(&self, order: OrderId) -> Vec<String> {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar(
            "SELECT kind || ' ' || d_total || ' ' || d_available || ' ' || d_sold
               FROM inventory.movements WHERE reference_id = $1
                AND kind NOT IN ('reserve', 'confirm') ORDER BY variant_id, seq",
        )
        .bind(order.as_uuid())
        .fetch_all(&mut *conn)
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn what_never_left_is_free_again_told_as_there_and_back() {
    let bench = Bench::new().await;
    let (white, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let order = bench.order(&[(white, taipei, 5)]).await;
    bench.confirm(order).await;
    bench.send(order, &[(1, white, taipei, 2)]).await;
    bench.withdraw(order, &[(1, white, taipei, 1)], Fate::OnSale).await.unwrap();
    assert_eq!(bench.stock(white, taipei).await, [8, 6, 0, 2]);
    assert_eq!(bench.counts(order).await, [[2, 2, 2]]);
    assert_eq!(bench.kinds(order).await, ["ship -2 0 -2", "ship -1 0 -1", "return 1 1 0"]);
    // One too many; in parts that add up; then exactly the rest, written off.
    for units in [vec![3], vec![1, 2]] {
        let units: Vec<Units> = units.into_iter().map(|it| (1, white, taipei, it)).collect();
        let refused = bench.withdraw(order, &units, Fate::OnSale).await;
        assert!(matches!(refused, Err(PartError::TooMany { line_no: 1, left: 2 })), "{refused:?}");
    }
    bench.withdraw(order, &[(1, white, taipei, 2)], Fate::WrittenOff).await.unwrap();
    assert_eq!(bench.stock(white, taipei).await, [6, 6, 0, 0]);
    assert_eq!(bench.counts(order).await, [[0, 2, 2]]);
    assert_eq!(bench.kinds(order).await[3..], ["ship -2 0 -2", "return 2 2 0", "adjust -2 -2 0"]);
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn all_that_has_not_left_is_given_back_once() {
    let bench = Bench::new().await;
    let (white, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let order = bench.order(&[(white, taipei, 4), (tote, taipei, 2)]).await;
    // Nothing is sold yet.
    bench.withdraw_all(order, Fate::OnSale).await.unwrap();
    assert_eq!(bench.stock(white, taipei).await, [10, 6, 4, 0]);
    bench.confirm(order).await;
    bench.send(order, &[(2, tote, taipei, 1)]).await;
    for _ in 0..2 {
        bench.withdraw_all(order, Fate::OnSale).await.unwrap();
        assert_eq!(bench.stock(white, taipei).await, [10, 10, 0, 0]);
        assert_eq!(bench.stock(tote, taipei).await, [99, 99, 0, 0]);
        assert_eq!(bench.counts(order).await, [[0, 0, 0], [0, 1, 1]]);
    }
    // What was given back before it left cannot come back.
    let none = HashSet::new();
    let refused = bench.take_back(order, (&[(1, white, taipei, 1)], &[]), &none).await;
    assert!(matches!(refused, Err(PartError::TooMany { line_no: 1, left: 0 })), "{refused:?}");
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn a_stocktake_stops_what_changes_the_total_and_nothing_else() {
    let bench = Bench::new().await;
    let (white, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let order = bench.order(&[(white, taipei, 2)]).await;
    bench.confirm(order).await;
    let key = StockKey { variant: white, warehouse: taipei };
    let cause = bench.cause();
    let count = Uuid::from_u128(1);
    bench.change(&[white], |ledger| ledger.freeze(key, count, &cause)).await.unwrap();
    let refused = bench.withdraw(order, &[(1, white, taipei, 1)], Fate::WrittenOff).await;
    let frozen =
        matches!(refused, Err(PartError::Inventory(InventoryError::Stock(StockError::Frozen))));
    assert!(frozen, "{refused:?}");
    assert_eq!(bench.counts(order).await, [[2, 0, 0]]);
    bench.withdraw(order, &[(1, white, taipei, 1)], Fate::OnSale).await.unwrap();
    assert_eq!(bench.stock(white, taipei).await, [10, 9, 0, 1]);
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn what_comes_back_is_on_sale_or_written_off_to_the_unit() {
    let bench = Bench::new().await;
    let (white, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let none = HashSet::new();
    let order = bench.order(&[(white, taipei, 5), (tote, taipei, 1)]).await;
    bench.confirm(order).await;
    bench.send(order, &[(1, white, taipei, 4), (2, tote, taipei, 1)]).await;
    // Good and broken ones together are no more than went out.
    let much = (&[(1, white, taipei, 3)][..], &[(1, white, taipei, 2)][..]);
    let refused = bench.take_back(order, much, &none).await;
    assert!(matches!(refused, Err(PartError::TooMany { line_no: 1, left: 4 })), "{refused:?}");
    assert_eq!(bench.stock(white, taipei).await, [6, 5, 0, 1]);
    let came = (&[(1, white, taipei, 2)][..], &[(1, white, taipei, 1)][..]);
    bench.take_back(order, came, &none).await.unwrap();
    assert_eq!(bench.stock(white, taipei).await, [8, 7, 0, 1]);
    assert_eq!(bench.counts(order).await, [[1, 4, 1], [0, 1, 1]]);
    assert_eq!(bench.kinds(order).await[1..3], ["return 3 3 0", "adjust -1 -1 0"]);
    // What has become a bundle since has no place to come back to, but may be written off.
    let bundles = HashSet::from([tote]);
    let back = [(2, tote, taipei, 1)];
    let refused = bench.take_back(order, (&back, &[]), &bundles).await;
    assert!(matches!(refused, Err(PartError::HasNoStock { line_no: 2, .. })), "{refused:?}");
    bench.take_back(order, (&[], &back), &bundles).await.unwrap();
    assert_eq!(bench.stock(tote, taipei).await, [99, 99, 0, 0]);
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn what_was_held_at_first_is_remembered_however_often_it_was_cut() {
    let bench = Bench::new().await;
    let (white, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let order = bench.order(&[(white, taipei, 5), (tote, taipei, 2)]).await;
    for units in [1, 2, 2] {
        let cut = parts_of(&[(1, white, taipei, units)]);
        bench
            .move_parts(async |conn, cause, context| {
                parts::release_part(conn, order, &cut, cause, context).await
            })
            .await
            .unwrap();
    }
    let mut conn = bench.test.db().acquire().await.unwrap();
    let mut held = reservations::of_orders(&mut conn, &[order]).await.unwrap();
    parts::as_first_held(&mut conn, &[order], &mut held).await.unwrap();
    let first: Vec<i32> = held.iter().map(|it| it.quantity).collect();
    assert_eq!(first, [5, 2]);
    let noted: (i32, i32) = sqlx::query_as("SELECT original, cut FROM inventory.reservation_cuts")
        .fetch_one(&mut *bench.test.owner().acquire().await.unwrap())
        .await
        .unwrap();
    assert_eq!(noted, (5, 5));
}

#[tokio::test]
async fn the_database_itself_refuses_to_count_more_withdrawn_than_returned() {
    let bench = Bench::new().await;
    let (white, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let order = bench.order(&[(white, taipei, 2)]).await;
    bench.confirm(order).await;
    bench.send(order, &[(1, white, taipei, 1)]).await;
    let mut conn = bench.test.owner().acquire().await.unwrap();
    for mistake in ["withdrawn = 1", "withdrawn = -1"] {
        let sql = format!("UPDATE inventory.fulfilments SET {mistake}");
        let refused = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *conn).await.unwrap_err();
        let constraint = refused.as_database_error().unwrap().constraint().unwrap();
        assert_eq!(constraint, "fulfilments_withdrawn_check", "{mistake}");
    }
}
