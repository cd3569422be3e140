//! Reservations that were closed long ago: out of the way, and still there for whoever asks.

use std::time::Duration;

use inventory::{Reservation, ReservationStatus, archive};
use jiff::{SignedDuration, Timestamp};
use kernel::{
    Actor, Clock as _,
    id::{OrderId, VariantId},
};
use orders::OrderStatus;
use payments::notices::Verdict;
use testkit::seed::Shop;
use tokio::time::timeout;

use crate::{bench::Bench, expiry::until_waiting};

const HOT: &str = "SELECT count(*) FROM inventory.reservations";
const ARCHIVED: &str = "SELECT count(*) FROM inventory.reservations_archive";

impl Bench {
    /// Moves what was closed before that on the order's shard; as the server does, with its rights.
    async fn archive(&self, order: OrderId, before: Timestamp, limit: u32) -> u64 {
        let mut tx = self.test.db().begin().await.unwrap();
        let moved = archive::archive(&mut tx, order.shard(), before, limit).await.unwrap();
        tx.commit().await.unwrap();
        moved
    }

    async fn reservations(&self, order: OrderId) -> Vec<Reservation> {
        let mut conn = self.test.db().acquire().await.unwrap();
        inventory::reservations::of_orders(&mut conn, &[order]).await.unwrap()
    }

    /// Lets an order run out of time, and so many days pass.
    async fn expire(&self, days: i64) {
        self.minutes_pass(31);
        self.end_due().await;
        self.minutes_pass(days * 24 * 60);
    }

    fn now(&self) -> Timestamp {
        self.test.clock().now()
    }
}

fn everything(shop: &Shop) -> [(VariantId, i64); 1] {
    [(shop.tote_large, 2)]
}

#[tokio::test]
async fn what_is_closed_and_old_enough_moves_and_is_read_as_before() {
    let bench = Bench::new().await;
    let wants = everything(&bench.shop);
    let request = bench.order(&wants);
    let placed = bench.intake.place(request.clone()).await.unwrap();
    let (paid, lost) = (placed.order.id, bench.place(&wants).await.order.id);
    assert_eq!(bench.pay(paid).await.verdict, Verdict::Accepted);
    bench.expire(31).await;
    let waiting = bench.place(&wants).await.order.id;
    let before = [bench.reservations(paid).await, bench.reservations(lost).await];
    assert_eq!(before[0][0].status, ReservationStatus::Confirmed);
    assert_eq!(before[1][0].status, ReservationStatus::Expired);

    let long_ago = bench.now() - SignedDuration::from_hours(24 * 30);
    assert_eq!(bench.archive(paid, long_ago, 100).await, 2);
    assert_eq!((bench.count(HOT).await, bench.count(ARCHIVED).await), (1, 2));
    assert_eq!([bench.reservations(paid).await, bench.reservations(lost).await], before);
    assert_eq!(bench.reservations(waiting).await[0].status, ReservationStatus::Active);
    bench.assert_books_are_right().await;

    // The key still gives the first answer, whatever happened since.
    let again = bench.intake.place(request).await.unwrap();
    assert!(again.replayed);
    assert_eq!((&again.deductions, again.order.id), (&placed.deductions, paid));
    // What waits for money never moves.
    assert_eq!(bench.archive(paid, Timestamp::MAX, 100).await, 0);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn age_and_number_are_bounds() {
    let bench = Bench::new().await;
    let wants = everything(&bench.shop);
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(bench.place(&wants).await.order.id);
        bench.minutes_pass(1);
    }
    for order in &orders {
        bench.checkout.cancel(*order, Actor::Guest, None).await.unwrap();
    }
    let closed_at = bench.now();
    assert_eq!(bench.archive(orders[0], closed_at, 100).await, 0, "closed at that moment");
    bench.minutes_pass(1);
    let later = bench.now();
    assert_eq!(bench.archive(orders[0], later, 0).await, 0);
    // The oldest orders go first.
    assert_eq!(bench.archive(orders[0], later, 2).await, 2);
    let left = bench.count(
        "SELECT count(*) FROM inventory.reservations r
          WHERE order_id = (SELECT max(id::text)::uuid FROM orders.orders)",
    );
    assert_eq!((left.await, bench.count(HOT).await), (1, 1));
    assert_eq!(bench.archive(orders[0], later, 2).await, 1);
    assert_eq!(bench.archive(orders[0], later, 2).await, 0);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn late_money_takes_what_is_archived_back_and_buys_it() {
    let bench = Bench::new().await;
    let order = bench.place(&everything(&bench.shop)).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    bench.expire(31).await;
    assert_eq!(bench.archive(order, bench.now(), 100).await, 1);

    let reply = bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(reply.verdict, Verdict::Accepted);
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    let held = bench.reservations(order).await;
    assert_eq!((held.len(), held[0].status), (1, ReservationStatus::Confirmed));
    assert_eq!((bench.count(HOT).await, bench.count(ARCHIVED).await), (1, 0));
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.sold, 2);
    bench.assert_books_are_right().await;
}

/// Read from the hot table alone, an archived order would look like one that only ran out of time.
#[tokio::test]
async fn late_money_for_a_cancelled_order_goes_back_although_it_is_archived() {
    let bench = Bench::new().await;
    let order = bench.place(&everything(&bench.shop)).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    bench.checkout.cancel(order, Actor::Guest, None).await.unwrap();
    bench.minutes_pass(31 * 24 * 60);
    assert_eq!(bench.archive(order, bench.now(), 100).await, 1);
    bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(bench.load(order).await.status, OrderStatus::Cancelled);
    let refunds = "SELECT count(*) FROM payments.refunds WHERE reason = 'order_cancelled'";
    assert_eq!((bench.count(refunds).await, bench.count(ARCHIVED).await), (1, 1));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn the_mover_passes_by_what_somebody_holds_and_whoever_comes_waits_for_the_mover() {
    let bench = Bench::new().await;
    let order = bench.place(&everything(&bench.shop)).await.order.id;
    bench.expire(31).await;
    let (db, before) = (bench.test.db(), bench.now());

    let mut holder = db.begin().await.unwrap();
    assert_eq!(archive::take_back(&mut holder, order).await.unwrap(), 0);
    let passed = timeout(Duration::from_secs(10), bench.archive(order, before, 100)).await;
    assert_eq!(passed.unwrap(), 0);
    holder.commit().await.unwrap();

    let mut mover = db.begin().await.unwrap();
    assert_eq!(archive::archive(&mut mover, order.shard(), before, 100).await.unwrap(), 1);
    let asking = async {
        let mut tx = db.begin().await.unwrap();
        let back = archive::take_back(&mut tx, order).await.unwrap();
        tx.commit().await.unwrap();
        back
    };
    let moving = async {
        until_waiting(&bench, 1).await;
        mover.commit().await.unwrap();
    };
    let (back, ()) = tokio::join!(asking, moving);
    assert_eq!(back, 1);
    assert_eq!((bench.count(HOT).await, bench.count(ARCHIVED).await), (1, 0));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn the_archive_takes_only_what_is_closed_and_nobody_changes_what_lies_there() {
    let bench = Bench::new().await;
    bench.place(&everything(&bench.shop)).await;
    let mut conn = bench.test.owner().acquire().await.unwrap();
    let active = sqlx::query(
        "INSERT INTO inventory.reservations_archive SELECT * FROM inventory.reservations",
    )
    .execute(&mut *conn)
    .await;
    assert!(active.unwrap_err().to_string().contains("reservations_archive_closed_check"));
    let may: bool = sqlx::query_scalar(
        "SELECT has_table_privilege('oxcart_app', 'inventory.reservations_archive'
                , 'UPDATE, TRUNCATE')",
    )
    .fetch_one(&mut *conn)
    .await
    .unwrap();
    assert!(!may);
}
