//! Units that are sold beyond stock: who gets them, in which order, and what becomes of them when
//! their order is paid, cancelled or runs out of time.

use intake::{PlaceError, Placed, Refusal};
use inventory::{
    Balance,
    backorders::{self, Backorder},
    stocktakes,
};
use kernel::{
    Actor, Clock as _,
    id::{OrderId, VariantId},
};
use orders::OrderStatus;
use testkit::seed;

use crate::{
    bench::{Bench, quick},
    gate::Node,
    limits::on_two_nodes_with,
};

/// Lets so many units of a variant be sold beyond stock.
pub async fn allow(bench: &Bench, variant: VariantId, limit: u32) {
    let rule = catalog::Backorders { limit, available_from: None };
    let mut tx = bench.test.db().begin().await.unwrap();
    catalog::put_backorders(&mut tx, variant, &rule).await.unwrap();
    backorders::make_queue(&mut tx, variant).await.unwrap();
    tx.commit().await.unwrap();
}

/// Who waits for a variant: order, units, paid.
async fn queue(bench: &Bench, variant: VariantId) -> Vec<(OrderId, i32, bool)> {
    let mut conn = bench.test.db().acquire().await.unwrap();
    let queue = backorders::queue(&mut conn, variant, 0, 1000).await.unwrap();
    let waiting = backorders::waiting(&mut conn, variant).await.unwrap();
    let sum: i64 = queue.iter().map(|it| i64::from(it.waiting)).sum();
    assert_eq!(waiting, sum);
    queue.iter().map(|Backorder { order, waiting, paid, .. }| (*order, *waiting, *paid)).collect()
}

fn short(answer: &Result<std::sync::Arc<Placed>, PlaceError>) -> (i64, i64) {
    match answer {
        Err(PlaceError::Refused(Refusal::Shortage(lines))) => {
            (lines[0].requested, lines[0].available)
        }
        other => panic!("not short: {other:?}"),
    }
}

#[tokio::test]
async fn without_the_switch_nothing_goes_below_zero() {
    let bench = Bench::new().await;
    let black = bench.shop.mug_black;
    let refused = bench.intake.place(bench.order(&[(black, 2)])).await;
    assert_eq!(short(&refused), (2, 1));
    assert_eq!(bench.count("SELECT count(*) FROM inventory.backorder_counts").await, 0);
    assert!(queue(&bench, black).await.is_empty());
}

#[tokio::test]
async fn what_is_there_goes_first_and_the_rest_waits_up_to_the_limit() {
    let mut bench = Bench::new().await;
    let (shop, black) = (bench.shop, bench.shop.mug_black);
    allow(&bench, black, 3).await;
    // One is there, and three may wait: five are one too many.
    let refused = bench.intake.place(bench.order(&[(black, 5)])).await;
    assert_eq!(short(&refused), (5, 4));
    assert_eq!(bench.count("SELECT count(*) FROM orders.orders").await, 0);
    assert!(queue(&bench, black).await.is_empty());

    let request = bench.order(&[(black, 3), (shop.mug_white, 1)]);
    let placed = bench.intake.place(request.clone()).await.unwrap();
    assert_eq!(placed.backordered, [(1, 2)]);
    let units: Vec<_> = placed.deductions.iter().map(|d| (&*d.sku, d.quantity)).collect();
    assert_eq!(units, [("MUG-BLACK", 1), ("MUG-WHITE", 1)]);
    let all_reserved = Balance { total: 1, available: 0, reserved: 1, sold: 0 };
    assert_eq!(bench.stock(black, shop.taipei).await, all_reserved);
    // Exactly one more may wait.
    assert_eq!(short(&bench.intake.place(bench.order(&[(black, 2)])).await), (2, 1));
    let second = bench.place(&[(black, 1)]).await;
    assert_eq!((second.backordered.as_slice(), second.deductions.len()), (&[(1, 1)][..], 0));
    assert_eq!(short(&bench.intake.place(bench.order(&[(black, 1)])).await), (1, 0));
    let expected = [(placed.order.id, 2, false), (second.order.id, 1, false)];
    assert_eq!(queue(&bench, black).await, expected);
    bench.assert_books_are_right().await;

    // The first answer stays the first answer, also when the units have come.
    bench.receive(black, 2).await;
    assert_eq!(queue(&bench, black).await, [(second.order.id, 1, false)]);
    bench.restart().await;
    let again = bench.intake.place(request).await.unwrap();
    assert_eq!((&again.deductions, &again.backordered), (&placed.deductions, &placed.backordered));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_comes_in_goes_to_the_oldest_first_and_is_sold_at_once_when_paid() {
    let bench = Bench::new().await;
    let (shop, small) = (bench.shop, bench.shop.tote_small);
    allow(&bench, small, 10).await;
    let first = bench.place(&[(small, 3)]).await.order.id;
    let second = bench.place(&[(small, 2)]).await.order.id;
    let third = bench.place(&[(small, 4)]).await.order.id;
    bench.pay(second).await;
    assert_eq!(bench.load(second).await.status, OrderStatus::Paid);
    let all = [(first, 3, false), (second, 2, true), (third, 4, false)];
    assert_eq!(queue(&bench, small).await, all);
    bench.assert_books_are_right().await;

    // Partly: four units are three for the first, and one for the second, which is paid.
    bench.receive(small, 4).await;
    assert_eq!(queue(&bench, small).await, [(second, 1, true), (third, 4, false)]);
    let balance = bench.stock(small, shop.taipei).await;
    assert_eq!(balance, Balance { total: 4, available: 0, reserved: 3, sold: 1 });
    bench.assert_books_are_right().await;
    let told = bench.count("SELECT count(*) FROM outbox.events WHERE type = 'inventory.reserved'");
    assert_eq!(told.await, 1);

    bench.pay(first).await;
    bench.receive(small, 1).await;
    assert_eq!(queue(&bench, small).await, [(third, 4, false)]);
    let balance = bench.stock(small, shop.taipei).await;
    assert_eq!(balance, Balance { total: 5, available: 0, reserved: 0, sold: 5 });
    // More than anybody waits for is free.
    bench.receive(small, 6).await;
    assert!(queue(&bench, small).await.is_empty());
    let balance = bench.stock(small, shop.taipei).await;
    assert_eq!(balance, Balance { total: 11, available: 2, reserved: 4, sold: 5 });
    bench.pay(third).await;
    assert_eq!(bench.stock(small, shop.taipei).await.sold, 9);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn who_gives_up_leaves_the_queue_and_gives_to_those_behind() {
    let bench = Bench::new().await;
    let (shop, black) = (bench.shop, bench.shop.mug_black);
    allow(&bench, black, 5).await;
    let first = bench.place(&[(black, 2)]).await.order.id;
    let second = bench.place(&[(black, 1)]).await.order.id;
    let third = bench.place(&[(black, 2)]).await.order.id;
    // One was reserved for the first; the oldest who waits gets it.
    bench.checkout.cancel(first, Actor::Guest, None).await.unwrap();
    assert_eq!(queue(&bench, black).await, [(third, 2, false)]);
    let balance = bench.stock(black, shop.taipei).await;
    assert_eq!(balance, Balance { total: 1, available: 0, reserved: 1, sold: 0 });
    bench.assert_books_are_right().await;
    // Time is over for both who are left: everything is as it was.
    bench.minutes_pass(31);
    assert_eq!(bench.end_due().await, 2);
    assert_eq!(bench.load(second).await.status, OrderStatus::Cancelled);
    assert!(queue(&bench, black).await.is_empty());
    let balance = bench.stock(black, shop.taipei).await;
    assert_eq!(balance, Balance { total: 1, available: 1, reserved: 0, sold: 0 });
    let closed = "SELECT count(*) FROM inventory.backorders WHERE closed_at IS NOT NULL";
    assert_eq!(bench.count(closed).await, 3);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn late_money_is_kept_only_if_everything_is_there() {
    let bench = Bench::new().await;
    let (shop, small) = (bench.shop, bench.shop.tote_small);
    allow(&bench, small, 9).await;
    let late = bench.place(&[(small, 2)]).await.order.id;
    let given_up = bench.place(&[(small, 1)]).await.order.id;
    let too_late = bench.place(&[(small, 1)]).await.order.id;
    let (mut attempts, orders) = (Vec::new(), [late, given_up, too_late]);
    for order in orders {
        attempts.push(bench.begin(order).await);
    }
    bench.checkout.cancel(given_up, Actor::Guest, None).await.unwrap();
    bench.minutes_pass(31);
    assert_eq!(bench.end_due().await, 2);
    bench.receive(small, 2).await;
    for (trade_no, amount) in attempts {
        bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    }
    // Two came: enough for the first. Who gave up stays so, and nothing is left for the last.
    let mut status = Vec::new();
    for order in orders {
        status.push(bench.load(order).await.status);
    }
    assert_eq!(status, [OrderStatus::Paid, OrderStatus::Cancelled, OrderStatus::Cancelled]);
    assert_eq!(bench.stock(small, shop.taipei).await.sold, 2);
    assert_eq!(bench.count("SELECT count(*) FROM payments.refunds").await, 2);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn the_gate_opens_when_back_orders_are_allowed_and_bundles_take_none() {
    let bench = Bench::with(quick()).await;
    let (shop, small) = (bench.shop, bench.shop.tote_small);
    let node = Node::start(&bench);
    for _ in 0..2 {
        assert_eq!(short(&node.intake.place(bench.order(&[(small, 1)])).await), (1, 0));
    }
    allow(&bench, small, 2).await;
    node.intake.place(bench.order(&[(small, 1)])).await.unwrap();
    let pair = seed::id(0x51, 9);
    seed::variant(&bench.test, pair, shop.mug, "PAIR", 800).await;
    seed::bundle(&bench.test, pair, &[(small, 1)]).await;
    assert_eq!(short(&node.intake.place(bench.order(&[(pair, 1)])).await), (1, 0));
    allow(&bench, small, 0).await;
    assert_eq!(short(&node.intake.place(bench.order(&[(small, 1)])).await), (1, 0));
    assert_eq!(queue(&bench, small).await.len(), 1);
    node.end().await;
    bench.assert_books_are_right().await;
}

/// Buyers on two nodes, goods that arrive, payments and cancellations, all at once: never more waits
/// than may, everybody is served in turn, and in the end nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_waits_within_the_limit_and_is_served_while_it_grows() {
    let bench = Bench::with(quick()).await;
    let (shop, small) = (bench.shop, bench.shop.tote_small);
    allow(&bench, small, 30).await;
    let requests = (0..60).map(|n| bench.order(&[(small, 1 + n % 2)])).collect();
    let settings = intake::Settings { batch: 4, batchers: 3, ..quick() };
    let arriving = async {
        for _ in 0..10 {
            bench.receive(small, 2).await;
        }
    };
    let (answers, ()) = tokio::join!(on_two_nodes_with(settings, &bench, requests), arriving);
    let placed: Vec<_> = answers.into_iter().filter_map(Result::ok).collect();
    let sold: i64 = placed
        .iter()
        .flat_map(|it| &it.order.lines)
        .map(|line| i64::from(line.quantity.get()))
        .sum();
    let waiting: i64 = queue(&bench, small).await.iter().map(|it| i64::from(it.1)).sum();
    let balance = bench.stock(small, shop.taipei).await;
    assert!(waiting <= 30, "{waiting}");
    assert_eq!((balance.total, balance.available), (20, 0));
    assert_eq!(sold, i64::from(balance.reserved) + waiting);
    bench.assert_books_are_right().await;
    // Half of them pay while the others cancel, and the rest of the goods arrive.
    let settling = futures::future::join_all(placed.iter().enumerate().map(async |(n, it)| {
        if n % 2 == 0 {
            bench.pay(it.order.id).await;
        } else {
            bench.checkout.cancel(it.order.id, Actor::Guest, None).await.unwrap();
        }
    }));
    let arriving = async {
        for _ in 0..10 {
            bench.receive(small, 3).await;
        }
    };
    tokio::join!(settling, arriving);
    let paid: i64 = placed
        .iter()
        .step_by(2)
        .flat_map(|it| &it.order.lines)
        .map(|line| i64::from(line.quantity.get()))
        .sum();
    assert!(queue(&bench, small).await.is_empty());
    let balance = bench.stock(small, shop.taipei).await;
    assert_eq!((balance.total, balance.reserved, i64::from(balance.sold)), (50, 0, paid));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_warehouse_that_is_opened_again_serves_the_oldest_before_anybody_new() {
    let bench = Bench::new().await;
    let (black, taipei) = (bench.shop.mug_black, bench.shop.taipei);
    bench.receive(black, 3).await;
    bench.set_open(taipei, false).await;
    allow(&bench, black, 9).await;
    let first = bench.place(&[(black, 2)]).await.order.id;
    let second = bench.place(&[(black, 3)]).await.order.id;
    bench.pay(second).await;
    assert_eq!(queue(&bench, black).await, [(first, 2, false), (second, 3, true)]);
    let untouched = Balance { total: 4, available: 4, reserved: 0, sold: 0 };
    assert_eq!(bench.stock(black, taipei).await, untouched);

    // Four are two for the first, and two for the second, which is paid.
    bench.set_open(taipei, true).await;
    assert_eq!(queue(&bench, black).await, [(second, 1, true)]);
    let given = Balance { total: 4, available: 0, reserved: 2, sold: 2 };
    assert_eq!(bench.stock(black, taipei).await, given);
    let third = bench.place(&[(black, 1)]).await;
    assert_eq!(third.backordered, [(1, 1)]);
    bench.assert_books_are_right().await;
    // Once more changes nothing, and a warehouse in which nobody is waited for is only opened.
    for warehouse in [taipei, bench.shop.kaohsiung] {
        bench.set_open(warehouse, false).await;
        bench.set_open(warehouse, true).await;
    }
    assert_eq!(bench.stock(black, taipei).await, given);
    assert_eq!(queue(&bench, black).await, [(second, 1, true), (third.order.id, 1, false)]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_is_being_counted_is_given_when_it_thaws_and_not_when_its_warehouse_opens() {
    let bench = Bench::new().await;
    let (black, taipei) = (bench.shop.mug_black, bench.shop.taipei);
    bench.set_open(taipei, false).await;
    allow(&bench, black, 1).await;
    let waiting = bench.place(&[(black, 1)]).await.order.id;
    let stocktake = bench.take_stock(black).await;
    bench.set_open(taipei, true).await;
    assert_eq!(queue(&bench, black).await, [(waiting, 1, false)]);
    let balance = bench.stock(black, taipei).await;
    assert_eq!(balance, Balance { total: 1, available: 1, reserved: 0, sold: 0 });
    bench.assert_books_are_right().await;

    let clock = bench.test.clock();
    let (actor, at) = (Actor::System, clock.now());
    let cause = inventory::Cause { actor, reference: None, reason: None, at };
    let context = inventory::SaveContext { clock: &*clock, ids: bench.test.ids() };
    let by = bench.test.ids().next(&*clock);
    let mut tx = bench.test.db().begin().await.unwrap();
    stocktakes::cancel(&mut tx, stocktake, "enough", by, &cause, &context).await.unwrap();
    tx.commit().await.unwrap();
    assert!(queue(&bench, black).await.is_empty());
    let balance = bench.stock(black, taipei).await;
    assert_eq!(balance, Balance { total: 1, available: 0, reserved: 1, sold: 0 });
    bench.assert_books_are_right().await;
}

/// Buyers on two nodes while the warehouse with the goods is opened: nobody waits for what is there,
/// and nobody gets anything while somebody older waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_served_in_turn_while_a_warehouse_is_opened() {
    let bench = Bench::with(quick()).await;
    let (taipei, small) = (bench.shop.taipei, bench.shop.tote_small);
    bench.receive(small, 20).await;
    bench.set_open(taipei, false).await;
    allow(&bench, small, 60).await;
    let requests = (0..40).map(|n| bench.order(&[(small, 1 + n % 2)])).collect();
    let settings = intake::Settings { batch: 4, batchers: 3, ..quick() };
    let opening = async {
        while bench.count("SELECT count(*) FROM inventory.backorders").await == 0 {
            tokio::task::yield_now().await;
        }
        bench.set_open(taipei, true).await;
    };
    let (answers, ()) = tokio::join!(on_two_nodes_with(settings, &bench, requests), opening);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let waiting: i64 = queue(&bench, small).await.iter().map(|it| i64::from(it.1)).sum();
    let balance = bench.stock(small, taipei).await;
    assert_eq!(balance, Balance { total: 20, available: 0, reserved: 20, sold: 0 });
    assert_eq!(waiting, 40);
    let passed = "SELECT count(*) FROM inventory.backorders AS older
                    JOIN inventory.backorders AS younger ON younger.seq > older.seq
                   WHERE older.status = 'waiting' AND younger.waiting < younger.quantity";
    assert_eq!(bench.count(passed).await, 0);
    bench.assert_books_are_right().await;
}
