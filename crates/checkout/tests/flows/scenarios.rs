//! The three scenarios of the inventory (`docs/CONCURRENCY.md`), as they are told. Where buyers come
//! at once, they come to two nodes at once: one places small batches that overlap, the other one
//! large ones.

use std::sync::Arc;

use futures::future::join_all;
use intake::{PlaceError, PlaceOrder, Placed, Refusal, Settings};
use inventory::{Reservation, ReservationStatus};
use jiff::SignedDuration;
use kernel::{
    Actor, Clock as _,
    id::{OrderId, VariantId},
};
use orders::{Contact, OrderStatus};

use crate::{
    bench::{Bench, quick},
    gate::Node,
};

/// How often A and B come at once.
const ROUNDS: i64 = 20;

type Answer = Result<Arc<Placed>, PlaceError>;

/// Four batchers with small batches, so that their transactions overlap.
fn overlapping() -> Settings {
    Settings { batch: 25, batchers: 4, ..quick() }
}

/// A request of a buyer of one's own.
fn buyer(bench: &Bench, number: usize, variant: VariantId, quantity: i64) -> PlaceOrder {
    let contact = Contact {
        email: format!("buyer{number}@example.com").into(),
        phone: format!("09{number:08}").into(),
    };
    PlaceOrder { contact: Arc::new(contact), ..bench.order(&[(variant, quantity)]) }
}

/// What a buyer who was refused for want of stock (`INVENTORY_SHORTAGE`) is told about the only
/// line: how many were asked for, and how many are left.
fn refused(answer: &Answer) -> (i64, i64) {
    match answer {
        Err(PlaceError::Refused(Refusal::Shortage(short))) if short.len() == 1 => {
            (short[0].requested, short[0].available)
        }
        other => panic!("not short: {other:?}"),
    }
}

/// What an order holds.
async fn held(bench: &Bench, order: OrderId) -> Vec<Reservation> {
    let mut conn = bench.test.owner().acquire().await.unwrap();
    inventory::reservations::of_orders(&mut conn, &[order]).await.unwrap()
}

/// Scenario 1: exactly the hundred units are sold, each once, and 900 buyers are told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_buyers_for_a_hundred_units() {
    let bench = Bench::with(overlapping()).await;
    let (node, tote) = (Node::start(&bench), bench.shop.tote_large);
    let asking = (0..1000).map(|number| {
        let here = if number % 2 == 0 { &bench.intake } else { &node.intake };
        here.place(buyer(&bench, number, tote, 1))
    });
    let answers = join_all(asking).await;
    let (placed, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.is_ok());
    assert_eq!((placed.len(), others.len()), (100, 900));
    for answer in others {
        assert_eq!(refused(answer), (1, 0));
    }

    // No unit was promised twice: each order was told another one of the hundred.
    let mut units: Vec<_> = placed
        .iter()
        .flat_map(|answer| &answer.as_ref().unwrap().deductions)
        .map(|taken| (taken.quantity, taken.available_before, taken.available_after))
        .collect();
    units.sort_unstable();
    assert_eq!(units, (0..100).map(|left| (1, left + 1, left)).collect::<Vec<_>>());
    for (sql, expected) in [
        ("SELECT count(*) FROM orders.orders", 100),
        ("SELECT count(DISTINCT contact_email) FROM orders.orders", 100),
        ("SELECT count(*) FROM orders.idempotency_keys", 100),
        ("SELECT count(*) FROM inventory.reservations WHERE status = 'active'", 100),
        ("SELECT count(DISTINCT order_id) FROM inventory.reservations", 100),
        ("SELECT sum(quantity)::bigint FROM inventory.reservations", 100),
        (
            "SELECT count(DISTINCT reference_id) FROM inventory.movements WHERE kind = 'reserve'",
            100,
        ),
        ("SELECT sum(d_reserved)::bigint FROM inventory.movements", 100),
        ("SELECT count(*) FROM outbox.events WHERE type = 'order.created'", 100),
    ] {
        assert_eq!(bench.count(sql).await, expected, "{sql}");
    }
    let stock = bench.stock(tote, bench.shop.taipei).await;
    assert_eq!((stock.total, stock.available, stock.reserved, stock.sold), (100, 0, 100, 0));
    node.end().await;
    bench.test.assert_ledger_balanced().await;
    bench.assert_books_are_right().await;
}

/// Scenario 2: a second before the half hour is over, the last unit is still the first buyer's; when
/// it is over, the order ends, and the next buyer gets it.
#[tokio::test]
async fn a_reservation_times_out_after_thirty_minutes() {
    let bench = Bench::with(quick()).await;
    let (mug, taipei) = (bench.shop.mug_black, bench.shop.taipei);
    let first = bench.place(&[(mug, 1)]).await.order.id;
    let began = bench.test.clock().now();

    bench.test.clock().advance(SignedDuration::from_mins(30) - SignedDuration::from_secs(1));
    assert_eq!(bench.end_due().await, 0);
    let stock = bench.stock(mug, taipei).await;
    assert_eq!((stock.available, stock.reserved), (0, 1));
    assert_eq!(bench.load(first).await.status, OrderStatus::PendingPayment);
    let early = bench.intake.place(buyer(&bench, 2, mug, 1)).await;
    assert_eq!(refused(&early), (1, 0));

    bench.test.clock().advance(SignedDuration::from_secs(1));
    assert_eq!(bench.end_due().await, 1);
    assert_eq!(bench.end_due().await, 0);
    let stock = bench.stock(mug, taipei).await;
    assert_eq!((stock.total, stock.available, stock.reserved, stock.sold), (1, 1, 0, 0));
    assert_eq!(bench.load(first).await.status, OrderStatus::Cancelled);
    let ended = held(&bench, first).await;
    assert_eq!((ended.len(), ended[0].status), (1, ReservationStatus::Expired));
    assert_eq!(ended[0].expires_at, began + SignedDuration::from_mins(30));
    assert_eq!(bench.events(first).await, ["order.created", "order.cancelled"]);
    let released = "SELECT count(*) FROM outbox.events WHERE type = 'inventory.released'";
    assert_eq!(bench.count(released).await, 1);
    let told = "SELECT count(*) FROM orders.transitions WHERE reason = 'expired'";
    assert_eq!(bench.count(told).await, 1);

    // The next buyer gets it, for a half hour of their own; who was too late to pay does not.
    let next = bench.intake.place(buyer(&bench, 2, mug, 1)).await.unwrap().order.id;
    assert_eq!(held(&bench, next).await[0].status, ReservationStatus::Active);
    let third = bench.intake.place(buyer(&bench, 3, mug, 1)).await;
    assert_eq!(refused(&third), (1, 0));
    assert_eq!(bench.end_due().await, 0);
    bench.test.assert_ledger_balanced().await;
    bench.assert_books_are_right().await;
}

/// Scenario 3: of A, who wants three, and B, who wants five, of six, exactly one is served: whoever
/// comes first when they come one after the other, and either when they come at once. The other one
/// gets nothing, and is told what is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wants_three_and_b_wants_five_of_six() {
    let bench = Bench::with(overlapping()).await;
    let (node, mug) = (Node::start(&bench), bench.shop.mug_black);
    let (a, b) = (|| buyer(&bench, 1, mug, 3), || buyer(&bench, 2, mug, 5));
    bench.receive(mug, 5).await;

    let served = bench.intake.place(a()).await;
    assert_eq!(refused(&node.intake.place(b()).await), (5, 3));
    give_back(&bench, &served, 3).await;

    let served = node.intake.place(b()).await;
    assert_eq!(refused(&bench.intake.place(a()).await), (3, 1));
    give_back(&bench, &served, 5).await;

    for round in 0..ROUNDS {
        let (first, second) = if round % 2 == 0 {
            (&bench.intake, &node.intake)
        } else {
            (&node.intake, &bench.intake)
        };
        let (for_a, for_b) = tokio::join!(first.place(a()), second.place(b()));
        let served = match (&for_a, &for_b) {
            (Ok(_), Err(_)) => {
                assert_eq!(refused(&for_b), (5, 3));
                (for_a, 3)
            }
            (Err(_), Ok(_)) => {
                assert_eq!(refused(&for_a), (3, 1));
                (for_b, 5)
            }
            neither => panic!("not exactly one: {neither:?}"),
        };
        give_back(&bench, &served.0, served.1).await;
    }
    let orders = "SELECT count(*) FROM orders.orders";
    assert_eq!(bench.count(orders).await, 2 + ROUNDS);
    node.end().await;
    bench.assert_books_are_right().await;
}

/// The order holds exactly `quantity` of the six, and nothing of it when it was cancelled.
async fn give_back(bench: &Bench, served: &Answer, quantity: i32) {
    let (mug, taipei) = (bench.shop.mug_black, bench.shop.taipei);
    let order = served.as_ref().unwrap().order.id;
    let stock = bench.stock(mug, taipei).await;
    assert_eq!((stock.total, stock.available, stock.reserved), (6, 6 - quantity, quantity));
    let holds: Vec<_> = held(bench, order).await.iter().map(|it| it.quantity).collect();
    assert_eq!(holds, [quantity]);
    bench.test.assert_ledger_balanced().await;
    bench.checkout.cancel(order, Actor::Guest, None).await.unwrap();
    let stock = bench.stock(mug, taipei).await;
    assert_eq!((stock.total, stock.available, stock.reserved), (6, 6, 0));
    bench.test.assert_ledger_balanced().await;
}
