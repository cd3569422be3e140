//! Bundles through the life of an order: their components are held, given back and sold, and what
//! lines and bundles want of one variant is added up.

use intake::{PlaceError, Placed, Refusal};
use inventory::Balance;
use kernel::{Actor, id::VariantId};
use orders::OrderStatus;
use payments::notices::Verdict;
use testkit::seed;

use crate::{
    bench::{Bench, quick},
    gate::Node,
    limits::{Answers, on_two_nodes_with},
};

/// `SET`, NT$ 2,500 on shard 7: two white mugs and a large tote.
async fn set(bench: &Bench) -> VariantId {
    let (shop, set) = (bench.shop, seed::id(0x50, 7));
    seed::variant(&bench.test, set, shop.mug, "SET", 2500).await;
    seed::bundle(&bench.test, set, &[(shop.mug_white, 2), (shop.tote_large, 1)]).await;
    set
}

fn taken(placed: &Placed) -> Vec<(i16, &str, i32, i32, i32)> {
    let taken = placed.deductions.iter();
    taken.map(|d| (d.line_no, &*d.sku, d.quantity, d.available_before, d.available_after)).collect()
}

/// What each line was refused for: its SKU, what it wanted, what is possible.
fn short(answer: &Result<std::sync::Arc<Placed>, PlaceError>) -> Vec<(usize, String, i64, i64)> {
    match answer {
        Err(PlaceError::Refused(Refusal::Shortage(lines))) => lines
            .iter()
            .map(|line| (line.index, line.sku.to_string(), line.requested, line.available))
            .collect(),
        other => panic!("not short: {other:?}"),
    }
}

#[tokio::test]
async fn a_bundle_takes_its_components_and_a_replay_tells_the_same() {
    let mut bench = Bench::new().await;
    let (shop, set) = (bench.shop, set(&bench).await);
    let request = bench.order(&[(set, 2), (shop.mug_white, 1)]);
    let placed = bench.intake.place(request.clone()).await.unwrap();
    assert_eq!(
        taken(&placed),
        [(1, "MUG-WHITE", 4, 10, 6), (1, "TOTE-L", 2, 100, 98), (2, "MUG-WHITE", 1, 6, 5)]
    );
    assert_eq!(placed.order.id.shard(), set.shard());
    assert_eq!((&*placed.order.lines[0].sku, placed.order.subtotal.amount()), ("SET", 5390));
    let mugs = bench.stock(shop.mug_white, shop.taipei).await;
    assert_eq!(mugs, Balance { total: 10, available: 5, reserved: 5, sold: 0 });

    // Changed meanwhile, also by name: what was sold stays what it was.
    seed::bundle(&bench.test, set, &[(shop.mug_black, 1)]).await;
    let mut conn = bench.test.owner().acquire().await.unwrap();
    let renamed = "UPDATE catalog.variants SET sku = 'MUG-IVORY' WHERE sku = 'MUG-WHITE'";
    sqlx::query(renamed).execute(&mut *conn).await.unwrap();
    bench.pay(placed.order.id).await;
    bench.restart().await;
    let again = bench.intake.place(request).await.unwrap();
    assert!(again.replayed);
    assert_eq!((&again.order, &again.deductions), (&placed.order, &placed.deductions));
    let mugs = bench.stock(shop.mug_white, shop.taipei).await;
    assert_eq!(mugs, Balance { total: 10, available: 5, reserved: 0, sold: 5 });
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_bundle_and_a_line_of_its_component_are_added_up_before_they_are_checked() {
    let bench = Bench::new().await;
    let (shop, pair) = (bench.shop, seed::id(0x51, 9));
    seed::variant(&bench.test, pair, shop.mug, "PAIR", 800).await;
    seed::bundle(&bench.test, pair, &[(shop.mug_black, 2)]).await;
    bench.receive(shop.mug_black, 1).await;

    // Two are there: the pair and one more want three, each of them by itself would fit.
    let lines = [(pair, 1), (shop.mug_black, 1)];
    let refused = bench.intake.place(bench.order(&lines)).await;
    assert_eq!(short(&refused), [(0, "PAIR".into(), 1, 0), (1, "MUG-BLACK".into(), 1, 0)]);
    assert_eq!(bench.count("SELECT count(*) FROM orders.orders").await, 0);
    assert_eq!(bench.count("SELECT count(*) FROM orders.line_components").await, 0);
    assert_eq!(bench.count("SELECT count(*) FROM inventory.reservations").await, 0);
    assert_eq!(bench.stock(shop.mug_black, shop.taipei).await.available, 2);
    let refused = bench.intake.place(bench.order(&[(pair, 3)])).await;
    assert_eq!(short(&refused), [(0, "PAIR".into(), 3, 1)]);

    // With three it is exact.
    bench.receive(shop.mug_black, 1).await;
    let placed = bench.place(&lines).await;
    assert_eq!(taken(&placed), [(1, "MUG-BLACK", 2, 3, 1), (2, "MUG-BLACK", 1, 1, 0)]);
    assert_eq!(bench.stock(shop.mug_black, shop.taipei).await.available, 0);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_a_bundle_holds_is_given_back_once_by_cancelling_and_by_time() {
    let bench = Bench::new().await;
    let (shop, set) = (bench.shop, set(&bench).await);
    let cancelled = bench.place(&[(set, 3)]).await.order.id;
    let expired = bench.place(&[(set, 1), (set, 1)]).await.order.id;
    assert_eq!(bench.stock(shop.mug_white, shop.taipei).await.reserved, 10);
    bench.checkout.cancel(cancelled, Actor::Guest, None).await.unwrap();
    bench.checkout.cancel(cancelled, Actor::Guest, None).await.unwrap_err();
    bench.minutes_pass(31);
    assert_eq!(bench.end_due().await, 1);
    assert_eq!(bench.load(expired).await.status, OrderStatus::Cancelled);
    for (variant, units) in [(shop.mug_white, 10), (shop.tote_large, 100)] {
        let balance = bench.stock(variant, shop.taipei).await;
        let all_free = Balance { total: units, available: units, reserved: 0, sold: 0 };
        assert_eq!(balance, all_free);
    }
    let closed = "SELECT count(*) FROM inventory.reservations WHERE status <> 'active'
                     AND closed_at IS NOT NULL";
    assert_eq!(bench.count(closed).await, 6);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn late_money_takes_hold_of_what_the_bundle_was_made_of_when_it_was_sold() {
    let bench = Bench::new().await;
    let (shop, set) = (bench.shop, set(&bench).await);
    let late = bench.place(&[(set, 2), (shop.mug_black, 1)]).await.order.id;
    let too_late = bench.place(&[(set, 2)]).await.order.id;
    let (trade_no, amount) = bench.begin(late).await;
    let (other_no, other_amount) = bench.begin(too_late).await;
    bench.minutes_pass(31);
    assert_eq!(bench.end_due().await, 2);
    // It is made of something else by now, which is gone.
    seed::bundle(&bench.test, set, &[(shop.tote_small, 1)]).await;

    let reply = bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(reply.verdict, Verdict::Accepted);
    assert_eq!(bench.load(late).await.status, OrderStatus::Paid);
    let mugs = bench.stock(shop.mug_white, shop.taipei).await;
    assert_eq!(mugs, Balance { total: 10, available: 6, reserved: 0, sold: 4 });
    assert_eq!(bench.stock(shop.tote_large, shop.taipei).await.sold, 2);

    // For the other one a component is gone: all of it goes back.
    bench.place(&[(shop.tote_large, 97)]).await;
    bench.deliver(&bench.notice(&other_no, other_amount, "1", "0")).await;
    assert_eq!(bench.load(too_late).await.status, OrderStatus::Cancelled);
    assert_eq!(bench.count("SELECT count(*) FROM payments.refunds").await, 1);
    assert_eq!(bench.stock(shop.mug_white, shop.taipei).await.sold, 4);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn the_gate_is_never_closed_to_a_bundle() {
    let bench = Bench::with(quick()).await;
    let (shop, set) = (bench.shop, set(&bench).await);
    let node = Node::start(&bench);
    let all = node.intake.place(bench.order(&[(set, 7)])).await.unwrap();
    let refused = node.intake.place(bench.order(&[(set, 1)])).await;
    assert_eq!(short(&refused), [(0, "SET".into(), 1, 0)]);
    // A component that is gone is closed under its own name only.
    node.intake.place(bench.order(&[(shop.mug_white, 1)])).await.unwrap();
    let refused = node.intake.place(bench.order(&[(shop.mug_white, 1)])).await;
    assert_eq!(short(&refused), [(0, "MUG-WHITE".into(), 1, 0)]);
    // Another node gives the sets back.
    bench.checkout.cancel(all.order.id, Actor::Guest, None).await.unwrap();
    node.intake.place(bench.order(&[(set, 7)])).await.unwrap();

    // What was sold out becomes a bundle: the gate it was closed by is open.
    let gone = shop.tote_small;
    for _ in 0..2 {
        let refused = node.intake.place(bench.order(&[(gone, 1)])).await;
        assert_eq!(short(&refused), [(0, "TOTE-S".into(), 1, 0)]);
    }
    seed::bundle(&bench.test, gone, &[(shop.mug_black, 1)]).await;
    let placed = node.intake.place(bench.order(&[(gone, 1)])).await.unwrap();
    assert_eq!(taken(&placed), [(1, "MUG-BLACK", 1, 1, 0)]);
    node.end().await;
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_purchase_limit_counts_the_bundle_and_not_its_components() {
    let bench = Bench::new().await;
    let (shop, set) = (bench.shop, set(&bench).await);
    let mut conn = bench.test.owner().acquire().await.unwrap();
    let limited = "UPDATE catalog.variants SET purchase_limit = 2, purchase_limit_since = now()
                    WHERE sku IN ('SET', 'MUG-WHITE')";
    sqlx::query(limited).execute(&mut *conn).await.unwrap();
    drop(conn);
    let first = bench.place(&[(set, 2), (shop.mug_white, 2)]).await;
    let refused = bench.intake.place(bench.order(&[(set, 1)])).await;
    let Err(PlaceError::Refused(Refusal::PurchaseLimit(over))) = refused else { panic!() };
    assert_eq!((&*over[0].sku, over[0].requested, over[0].left), ("SET", 1, 0));
    bench.checkout.cancel(first.order.id, Actor::Guest, None).await.unwrap();
    bench.place(&[(set, 2)]).await;
    bench.assert_books_are_right().await;
}

/// Bundles, other bundles and single components for the same units, on two nodes in small batches:
/// exactly what is there is sold, and nobody waits for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_for_bundles_and_their_components_sells_exactly_what_is_there() {
    let bench = Bench::with(quick()).await;
    let (shop, set) = (bench.shop, set(&bench).await);
    let trio = seed::id(0x52, 0);
    seed::variant(&bench.test, trio, shop.mug, "TRIO", 900).await;
    seed::bundle(&bench.test, trio, &[(shop.mug_white, 3)]).await;
    bench.receive(shop.mug_white, 25).await;
    let requests = (0..60).map(|n| match n % 3 {
        0 => bench.order(&[(set, 1)]),
        1 => bench.order(&[(shop.tote_large, 1), (trio, 1)]),
        _ => bench.order(&[(shop.mug_white, 1), (shop.tote_large, 1)]),
    });
    let settings = intake::Settings { batch: 4, batchers: 3, ..quick() };
    let answers: Answers = on_two_nodes_with(settings, &bench, requests.collect()).await;
    let mut mugs = 0;
    for answer in &answers {
        match answer {
            Ok(placed) => {
                let own = placed.deductions.iter().filter(|it| it.variant == shop.mug_white);
                mugs += own.map(|it| it.quantity).sum::<i32>();
            }
            // Only mugs are short; who wanted none of them had to get what they wanted.
            refused => assert!(!short(refused).is_empty()),
        }
    }
    // Sixty buyers want 120 mugs of 40: single ones go until the very last.
    let (here, there) = (
        bench.stock(shop.mug_white, shop.taipei).await,
        bench.stock(shop.mug_white, shop.kaohsiung).await,
    );
    assert_eq!(mugs, here.reserved + there.reserved);
    assert!(here.available + there.available < 2, "{here:?} {there:?}");
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(bench.count(deadlocks).await, 0);
    bench.assert_books_are_right().await;
}
