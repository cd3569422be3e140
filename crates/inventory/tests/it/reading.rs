//! The ledger answers: which movements, and why a number is what it is.

use inventory::{
    MovementKind, StockKey,
    movements::{Explanation, MovementFilter, Place, Sums, explain, movements},
};
use jiff::{SignedDuration, Timestamp};
use kernel::id::VariantId;
use uuid::Uuid;

use crate::bench::Bench;

impl Bench {
    fn pass(&self, minutes: i64) -> Timestamp {
        self.test.clock().advance(SignedDuration::from_mins(minutes));
        self.test.shared_clock().now()
    }

    async fn do_(&self, key: StockKey, kind: MovementKind, units: i32) {
        let cause = self.cause();
        let act = |ledger: &mut inventory::Ledger| ledger.apply(key, kind, units, &cause).map(drop);
        self.change(&[key.variant], act).await.unwrap();
    }

    async fn page(
        &self,
        variant: VariantId,
        filter: &MovementFilter,
        after: Option<&Place>,
        limit: usize,
    ) -> (Vec<(MovementKind, i64)>, Option<Place>) {
        let mut conn = self.test.db().acquire().await.unwrap();
        let (page, next) = movements(&mut conn, variant, filter, after, limit).await.unwrap();
        (page.iter().map(|it| (it.kind, it.seq)).collect(), next)
    }

    async fn explain(&self, key: StockKey, at: Timestamp) -> Explanation {
        let mut conn = self.test.db().acquire().await.unwrap();
        explain(&mut conn, key, at).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn movements_of_all_warehouses_come_page_by_page_each_once() {
    let bench = Bench::new().await;
    let variant = bench.shop.mug_white;
    let taipei = StockKey { variant, warehouse: bench.shop.taipei };
    let kaohsiung = StockKey { variant, warehouse: bench.shop.kaohsiung };
    for units in 1..4 {
        bench.pass(1);
        bench.do_(taipei, MovementKind::Reserve, units).await;
        bench.pass(1);
        bench.do_(kaohsiung, MovementKind::Receive, units).await;
    }
    let all = MovementFilter::default();
    let (whole, none) = bench.page(variant, &all, None, 100).await;
    assert_eq!(none, None);
    let (reserve, receive) = (MovementKind::Reserve, MovementKind::Receive);
    // Kaohsiung's later one first; the receipts of the seed are at the end.
    assert_eq!(
        whole[..6],
        [(receive, 4), (reserve, 4), (receive, 3), (reserve, 3), (receive, 2), (reserve, 2)]
    );
    assert_eq!(whole.len(), 8);
    for size in 1..=8 {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = bench.page(variant, &all, after.as_ref(), size).await;
            assert!(page.len() <= size);
            read.extend(page);
            let Some(next) = next else { break };
            after = Some(next);
        }
        assert_eq!(read, whole, "pages of {size}");
    }
}

#[tokio::test]
async fn movements_are_found_by_what_they_were_about() {
    let bench = Bench::new().await;
    let variant = bench.shop.mug_white;
    let key = StockKey { variant, warehouse: bench.shop.taipei };
    let noon = bench.pass(1);
    let order = bench.order(&[(variant, key.warehouse, 2)]).await;
    let later = bench.pass(1);
    bench.confirm(order).await;
    let (reserved, confirmed) = ((MovementKind::Reserve, 2), (MovementKind::Confirm, 3));
    let none = MovementFilter::default();
    for (filter, expected) in [
        (MovementFilter { reference: Some(order.as_uuid()), ..none }, vec![confirmed, reserved]),
        (MovementFilter { reference: Some(Uuid::nil()), ..none }, vec![]),
        (MovementFilter { kind: Some(MovementKind::Confirm), ..none }, vec![confirmed]),
        (MovementFilter { from: Some(noon), ..none }, vec![confirmed, reserved]),
        (MovementFilter { from: Some(noon), until: Some(noon), ..none }, vec![]),
        (MovementFilter { from: Some(noon), until: Some(later), ..none }, vec![reserved]),
        (MovementFilter { from: Some(later), ..none }, vec![confirmed]),
        (
            MovementFilter { until: Some(noon), warehouse: Some(key.warehouse), ..none },
            vec![(MovementKind::Receive, 1)],
        ),
        (MovementFilter { warehouse: Some(Uuid::nil().into()), ..none }, vec![]),
    ] {
        assert_eq!(bench.page(variant, &filter, None, 9).await, (expected, None), "{filter:?}");
    }
}

#[tokio::test]
async fn a_balance_is_rebuilt_as_it_was_at_any_moment() {
    let bench = Bench::new().await;
    let variant = bench.shop.mug_white;
    let key = StockKey { variant, warehouse: bench.shop.taipei };
    let start = bench.test.shared_clock().now();
    let noon = bench.pass(1);
    let order = bench.order(&[(variant, key.warehouse, 3)]).await;
    let paid = bench.pass(1);
    bench.confirm(order).await;
    let counting = bench.pass(1);
    let cause = bench.cause();
    bench.change(&[variant], |it| it.freeze(key, Uuid::from_u128(1), &cause)).await.unwrap();
    let counted = bench.pass(1);
    let cause = bench.cause();
    bench.change(&[variant], |it| it.thaw(key, &cause)).await.unwrap();

    let before = bench.explain(key, start - SignedDuration::from_secs(1)).await;
    assert_eq!((before.balance, before.version, before.frozen), (Sums::default(), 0, false));
    assert_eq!(before.kinds, []);
    for (at, balance, version, frozen) in [
        (start, (10, 10, 0, 0), 1, false),
        (noon - SignedDuration::from_nanos(1_000), (10, 10, 0, 0), 1, false),
        (noon, (10, 7, 3, 0), 2, false),
        (paid, (10, 7, 0, 3), 3, false),
        (counting, (10, 7, 0, 3), 4, true),
        (counted, (10, 7, 0, 3), 5, false),
    ] {
        let told = bench.explain(key, at).await;
        let (total, available, reserved, sold) = balance;
        assert_eq!(told.balance, Sums { total, available, reserved, sold }, "{at}");
        assert_eq!((told.version, told.frozen), (version, frozen), "{at}");
        assert_eq!(told.kinds.iter().map(|it| it.movements).sum::<i64>(), version);
        assert!(told.agrees(), "{told:?}");
    }
    let told = bench.explain(key, paid).await;
    let kinds: Vec<_> = told.kinds.iter().map(|it| (it.kind, it.sums.reserved)).collect();
    assert_eq!(
        kinds,
        [(MovementKind::Receive, 0), (MovementKind::Reserve, 3), (MovementKind::Confirm, -3)]
    );

    // Somebody went behind the ledger's back.
    let mut conn = bench.test.owner().acquire().await.unwrap();
    let sql = "UPDATE inventory.stock SET total = total + 1, available = available + 1";
    sqlx::query(sql).execute(&mut *conn).await.unwrap();
    assert!(!bench.explain(key, paid).await.agrees());
    let nowhere = StockKey { variant: bench.shop.mug_black, warehouse: bench.shop.kaohsiung };
    assert_eq!(explain(&mut conn, nowhere, paid).await.unwrap(), None);
}
