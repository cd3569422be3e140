//! Parts of orders: given back, shipped, taken back; whole, exact, one too many, twice.

use std::collections::HashSet;

use inventory::{
    Fulfilment, InventoryError, MovementKind, Part, PartError, SaveContext, StockError, StockKey,
    parts,
};
use kernel::{
    Quantity,
    id::{OrderId, VariantId, WarehouseId},
};
use uuid::Uuid;

use crate::bench::Bench;

#[derive(Clone, Copy, Debug)]
enum Do {
    Release,
    Ship,
    Return,
}

impl Bench {
    async fn part(
        &self,
        what: Do,
        order: OrderId,
        parts: &[(i16, VariantId, WarehouseId, i64)],
    ) -> Result<(), PartError> {
        let parts: Vec<_> = parts
            .iter()
            .map(|(line_no, variant, warehouse, units)| Part {
                line_no: *line_no,
                key: StockKey { variant: *variant, warehouse: *warehouse },
                quantity: Quantity::new(*units).unwrap(),
            })
            .collect();
        let clock = self.test.shared_clock();
        let context = SaveContext { clock: &*clock, ids: self.test.ids() };
        let cause = self.cause();
        let mut tx = self.test.db().begin().await.unwrap();
        match what {
            Do::Release => {
                inventory::release_part(&mut tx, order, &parts, &cause, &context).await?;
            }
            Do::Ship => inventory::ship(&mut tx, order, &parts, &cause, &context).await?,
            Do::Return => {
                let none = HashSet::new();
                inventory::return_(&mut tx, order, &parts, &none, &cause, &context).await?;
            }
        }
        tx.commit().await.unwrap();
        Ok(())
    }

    async fn fulfilment(&self, order: OrderId) -> Vec<(i32, i32, i32)> {
        let mut conn = self.test.db().acquire().await.unwrap();
        let all = parts::fulfilments(&mut conn, &[order]).await.unwrap();
        all.iter().map(|it: &Fulfilment| (it.quantity, it.shipped, it.returned)).collect()
    }
}

fn too_many(result: Result<(), PartError>) -> (i16, i32) {
    match result {
        Err(PartError::TooMany { line_no, left }) => (line_no, left),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn part_of_a_reservation_is_given_back_and_the_rest_is_still_held() {
    let bench = Bench::new().await;
    let (white, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let order = bench.order(&[(white, taipei, 4), (tote, taipei, 2)]).await;

    bench.part(Do::Release, order, &[(1, white, taipei, 1)]).await.unwrap();
    assert_eq!(bench.stock(white, taipei).await, [10, 7, 3, 0]);
    assert_eq!(bench.held(order).await, [(3, "active"), (2, "active")]);

    // One too many, of what is left; in two parts; another line; another place: nothing moves.
    for parts in [
        vec![(1, white, taipei, 4)],
        vec![(1, white, taipei, 2), (1, white, taipei, 2)],
        vec![(2, tote, taipei, 1), (1, white, taipei, 4)],
    ] {
        assert_eq!(too_many(bench.part(Do::Release, order, &parts).await), (1, 3));
    }
    for parts in [[(2, white, taipei, 1)], [(1, white, bench.shop.kaohsiung, 1)]] {
        assert_eq!(too_many(bench.part(Do::Release, order, &parts).await), (parts[0].0, 0));
    }
    assert_eq!(bench.stock(white, taipei).await, [10, 7, 3, 0]);
    assert_eq!(bench.stock(tote, taipei).await, [100, 98, 2, 0]);

    // Exactly what is left closes it, in two parts at once; and then there is nothing.
    let rest = [(1, white, taipei, 1), (1, white, taipei, 2)];
    bench.part(Do::Release, order, &rest).await.unwrap();
    assert_eq!(bench.held(order).await, [(3, "released"), (2, "active")]);
    assert_eq!(bench.stock(white, taipei).await, [10, 10, 0, 0]);
    assert_eq!(too_many(bench.part(Do::Release, order, &rest).await), (1, 0));

    // What is still held can be paid for, and only that.
    assert_eq!(bench.confirm(order).await, 1);
    assert_eq!(bench.held(order).await, [(3, "released"), (2, "confirmed")]);
    assert_eq!(too_many(bench.part(Do::Release, order, &[(2, tote, taipei, 1)]).await), (2, 0));
    assert_eq!(bench.stock(tote, taipei).await, [100, 98, 0, 2]);
    assert_eq!(bench.events("inventory.released").await.len(), 2);
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn what_is_paid_is_confirmed_as_much_as_is_still_held() {
    let bench = Bench::new().await;
    let (white, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let order = bench.order(&[(white, taipei, 5)]).await;
    bench.part(Do::Release, order, &[(1, white, taipei, 2)]).await.unwrap();
    assert_eq!(bench.confirm(order).await, 1);
    assert_eq!(bench.stock(white, taipei).await, [10, 7, 0, 3]);
    assert_eq!(bench.fulfilment(order).await, [(3, 0, 0)]);
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn units_are_shipped_in_parcels_and_come_back_in_others() {
    let bench = Bench::new().await;
    let (white, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let line = |units| [(1, white, taipei, units)];
    let order = bench.order(&[(white, taipei, 5)]).await;
    // Nothing unpaid is shipped, and nothing comes back that never left.
    assert_eq!(too_many(bench.part(Do::Ship, order, &line(1)).await), (1, 0));
    bench.confirm(order).await;
    assert_eq!(too_many(bench.part(Do::Return, order, &line(1)).await), (1, 0));
    assert_eq!(too_many(bench.part(Do::Ship, order, &line(6)).await), (1, 5));

    bench.part(Do::Ship, order, &line(2)).await.unwrap();
    assert_eq!(bench.stock(white, taipei).await, [8, 5, 0, 3]);
    assert_eq!(too_many(bench.part(Do::Ship, order, &line(4)).await), (1, 3));
    bench.part(Do::Ship, order, &line(3)).await.unwrap();
    assert_eq!(too_many(bench.part(Do::Ship, order, &line(1)).await), (1, 0));
    assert_eq!(bench.stock(white, taipei).await, [5, 5, 0, 0]);

    bench.part(Do::Return, order, &line(1)).await.unwrap();
    assert_eq!(too_many(bench.part(Do::Return, order, &line(5)).await), (1, 4));
    bench.part(Do::Return, order, &line(4)).await.unwrap();
    assert_eq!(too_many(bench.part(Do::Return, order, &line(1)).await), (1, 0));
    assert_eq!(bench.stock(white, taipei).await, [10, 10, 0, 0]);
    assert_eq!(bench.fulfilment(order).await, [(5, 5, 5)]);
    let adjusted = bench.events("inventory.adjusted").await;
    let quantities: Vec<_> = adjusted.iter().map(|it| it["quantity"].as_i64().unwrap()).collect();
    assert_eq!(quantities, [-2, -3, 1, 4]);
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn nothing_comes_back_to_what_has_become_a_bundle() {
    let bench = Bench::new().await;
    let (white, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let order = bench.order(&[(white, taipei, 1), (tote, taipei, 1)]).await;
    bench.confirm(order).await;
    let lines = [(1, white, taipei, 1), (2, tote, taipei, 1)];
    bench.part(Do::Ship, order, &lines).await.unwrap();
    let part = |(line_no, variant, warehouse, units)| Part {
        line_no,
        key: StockKey { variant, warehouse },
        quantity: Quantity::new(units).unwrap(),
    };
    let parts = lines.map(part);
    let clock = bench.test.shared_clock();
    let context = SaveContext { clock: &*clock, ids: bench.test.ids() };
    let bundles = HashSet::from([tote]);
    let mut tx = bench.test.db().begin().await.unwrap();
    let refused =
        inventory::return_(&mut tx, order, &parts, &bundles, &bench.cause(), &context).await;
    let named =
        matches!(refused, Err(PartError::HasNoStock { line_no: 2, variant }) if variant == tote);
    assert!(named, "{refused:?}");
    // Not the other line either, even if the caller went on.
    tx.commit().await.unwrap();
    assert_eq!(bench.stock(white, taipei).await, [9, 9, 0, 0]);
    assert_eq!(bench.stock(tote, taipei).await, [99, 99, 0, 0]);
    assert_eq!(bench.fulfilment(order).await, [(1, 1, 0), (1, 1, 0)]);
    bench.part(Do::Return, order, &lines[..1]).await.unwrap();
    assert_eq!(bench.stock(white, taipei).await, [10, 10, 0, 0]);
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn sold_units_that_never_left_go_back_on_sale() {
    let bench = Bench::new().await;
    let (black, taipei) = (bench.shop.mug_black, bench.shop.taipei);
    let order = bench.order(&[(black, taipei, 1)]).await;
    bench.confirm(order).await;
    assert_eq!(bench.stock(black, taipei).await, [1, 0, 0, 1]);
    bench.part(Do::Ship, order, &[(1, black, taipei, 1)]).await.unwrap();
    bench.part(Do::Return, order, &[(1, black, taipei, 1)]).await.unwrap();
    assert_eq!(bench.stock(black, taipei).await, [1, 1, 0, 0]);
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn what_is_being_counted_is_neither_shipped_nor_taken_back_but_given_back() {
    let bench = Bench::new().await;
    let (white, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let line = [(1, white, taipei, 1)];
    let (paid, waiting) =
        (bench.order(&[(white, taipei, 2)]).await, bench.order(&[(white, taipei, 2)]).await);
    bench.confirm(paid).await;
    bench.part(Do::Ship, paid, &line).await.unwrap();
    let key = StockKey { variant: white, warehouse: taipei };
    let cause = bench.cause();
    let count = Uuid::from_u128(1);
    bench.change(&[white], |ledger| ledger.freeze(key, count, &cause)).await.unwrap();
    for what in [Do::Ship, Do::Return] {
        let refused = bench.part(what, paid, &line).await;
        let frozen =
            matches!(refused, Err(PartError::Inventory(InventoryError::Stock(StockError::Frozen))));
        assert!(frozen, "{what:?}: {refused:?}");
    }
    assert_eq!(bench.fulfilment(paid).await, [(2, 1, 0)]);
    bench.part(Do::Release, waiting, &line).await.unwrap();
    assert_eq!(bench.stock(white, taipei).await, [9, 7, 1, 1]);
    bench.test.assert_ledger_balanced().await;
}

#[tokio::test]
async fn the_database_itself_refuses_to_count_one_too_many() {
    let bench = Bench::new().await;
    let (white, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let order = bench.order(&[(white, taipei, 2)]).await;
    bench.confirm(order).await;
    bench.part(Do::Ship, order, &[(1, white, taipei, 2)]).await.unwrap();
    let mut conn = bench.test.owner().acquire().await.unwrap();
    for mistake in ["shipped = 3", "returned = 3", "returned = -1"] {
        let sql = format!("UPDATE inventory.fulfilments SET {mistake}");
        let refused = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *conn).await.unwrap_err();
        let constraint = refused.as_database_error().unwrap().constraint().unwrap();
        assert_eq!(constraint, "fulfilments_order_check", "{mistake}");
    }
    assert_eq!(MovementKind::Ship.delta(2).total, -2);
}

#[tokio::test]
async fn a_line_that_still_waits_for_units_is_not_given_back_in_part() {
    let bench = Bench::new().await;
    let (white, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let order = bench.order(&[(white, taipei, 2), (tote, taipei, 2)]).await;
    let mut conn = bench.test.owner().acquire().await.unwrap();
    sqlx::query(
        "INSERT INTO inventory.backorders (shard, order_id, line_no, variant_id, seq, quantity
              , waiting, status, expires_at, created_at)
         SELECT shard, order_id, line_no, variant_id, 1, 3, 3, 'waiting', expires_at, created_at
           FROM inventory.reservations WHERE line_no = 1",
    )
    .execute(&mut *conn)
    .await
    .unwrap();
    let refused = bench.part(Do::Release, order, &[(1, white, taipei, 1)]).await;
    assert!(matches!(refused, Err(PartError::Waits { line_no: 1 })), "{refused:?}");
    assert_eq!(bench.stock(white, taipei).await, [10, 8, 2, 0]);
    bench.part(Do::Release, order, &[(2, tote, taipei, 1)]).await.unwrap();
    assert_eq!(bench.held(order).await, [(2, "active"), (1, "active")]);
}
