//! Cancelling what is paid and has not left.

use inventory::Fate;
use kernel::Actor;
use orders::OrderStatus;
use shipping::{ShipmentStatus, shipments::ShipmentMove};

use super::hands::refusal;
use crate::{backorders::allow, bench::Bench};

#[tokio::test]
async fn a_buyer_cancels_what_is_paid_and_gets_all_of_the_money_back() {
    let bench = Bench::new().await;
    let (mug, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let order = bench.bought(&[(mug, 2)]).await;
    bench.checkout.cancel(order, Actor::Guest, Some("changed my mind")).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::RefundRequested);
    assert_eq!(bench.refunds(order).await, [2 * 390 + 80]);
    let stock = bench.stock(mug, taipei).await;
    assert_eq!((stock.total, stock.available, stock.sold), (10, 10, 0));
    assert_eq!(bench.fulfilments(order).await, [[2, 2, 2, 2]]);
    // Once.
    let before = bench.fingerprint().await;
    let again = bench.checkout.cancel(order, Actor::Guest, None).await;
    assert_eq!(refusal(again), "Cancel from RefundRequested");
    assert_eq!(
        refusal(bench.cancel_paid(order, Fate::OnSale).await),
        "Cancel from RefundRequested"
    );
    assert_eq!(bench.fingerprint().await, before);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn cancelling_gives_up_parcels_that_are_packed_and_stops_at_what_has_left() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let packed = bench.bought(&[(tote, 2)]).await;
    let parcel = bench.plan(packed, taipei, &[(1, 1)]).await.unwrap().id;
    bench.act(parcel, ShipmentMove::Pack).await.unwrap();
    bench.checkout.cancel(packed, Actor::Guest, None).await.unwrap();
    let mut conn = bench.test.db().acquire().await.unwrap();
    let shipment = shipping::shipments::find(&mut conn, parcel).await.unwrap().unwrap();
    assert_eq!(shipment.status, ShipmentStatus::Cancelled);
    drop(conn);

    let sent = bench.bought(&[(tote, 2)]).await;
    let parcel = bench.plan(sent, taipei, &[(1, 1)]).await.unwrap().id;
    bench.send(parcel).await;
    let before = bench.fingerprint().await;
    assert_eq!(refusal(bench.checkout.cancel(sent, Actor::Guest, None).await), "NotNow");
    assert_eq!(refusal(bench.cancel_paid(sent, Fate::OnSale).await), "NotNow");
    assert_eq!(bench.fingerprint().await, before);
    assert_eq!(bench.refunds(sent).await, [0_i64; 0]);
    let stock = bench.stock(tote, taipei).await;
    assert_eq!((stock.total, stock.available, stock.sold), (99, 98, 1));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn operations_may_keep_the_units_off_the_shelf() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let order = bench.bought(&[(tote, 3)]).await;
    let after = bench.cancel_paid(order, Fate::WrittenOff).await.unwrap();
    assert_eq!(after.status, OrderStatus::RefundRequested);
    let stock = bench.stock(tote, taipei).await;
    assert_eq!((stock.total, stock.available, stock.sold), (97, 97, 0));
    let why = "SELECT count(*) FROM inventory.movements
                WHERE kind = 'adjust' AND d_total = -3 AND reason = 'ran over by a forklift'";
    assert_eq!(bench.count(why).await, 1);
    assert_eq!(bench.refunds(order).await, [3 * 1990]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn operations_cancel_what_is_unpaid_as_its_buyer_would() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let after = bench.cancel_paid(order, Fate::OnSale).await.unwrap();
    assert_eq!(after.status, OrderStatus::Cancelled);
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.available, 100);
    assert_eq!(bench.events(order).await, ["order.created", "order.cancelled"]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_waits_for_stock_waits_no_longer_and_goes_to_the_next() {
    let bench = Bench::new().await;
    let (mug, taipei) = (bench.shop.mug_black, bench.shop.taipei);
    allow(&bench, mug, 10).await;
    let first = bench.bought(&[(mug, 3)]).await;
    let second = bench.bought(&[(mug, 1)]).await;
    // One was there; two wait for the first, one for the second.
    assert_eq!(bench.fulfilments(first).await, [[1, 0, 0, 0]]);
    bench.checkout.cancel(first, Actor::Guest, None).await.unwrap();
    assert_eq!(bench.refunds(first).await, [3 * 420]);
    // The unit that came free went to who waited behind.
    assert_eq!(bench.fulfilments(second).await, [[1, 0, 0, 0]]);
    let stock = bench.stock(mug, taipei).await;
    assert_eq!((stock.total, stock.available, stock.sold), (1, 0, 1));
    let waiting = "SELECT sum(waiting)::bigint FROM inventory.backorder_counts";
    assert_eq!(bench.count(waiting).await, 0);
    bench.assert_books_are_right().await;
    bench.send_all(second).await;
    assert_eq!(bench.load(second).await.status, OrderStatus::Shipped);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_stocktake_stops_what_is_written_off_but_nobody_who_wants_the_money_back() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let (one, two) = (bench.bought(&[(tote, 1)]).await, bench.bought(&[(tote, 1)]).await);
    let clock = bench.test.shared_clock();
    let context = inventory::SaveContext { clock: &*clock, ids: bench.test.ids() };
    let at = clock.now();
    let cause = inventory::Cause { actor: Actor::System, reference: None, reason: None, at };
    let opening = inventory::stocktakes::Opening {
        warehouse: taipei,
        variants: Some(vec![tote]),
        counts_required: 1,
        expires_at: at + jiff::SignedDuration::from_hours(4),
        note: String::new(),
    };
    let mut tx = bench.test.db().begin().await.unwrap();
    let (id, by) = (bench.test.ids().next(&*clock), bench.test.ids().next(&*clock));
    inventory::stocktakes::open(&mut tx, id, &opening, by, &cause, &context).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(refusal(bench.cancel_paid(one, Fate::WrittenOff).await), "Frozen");
    assert_eq!(bench.load(one).await.status, OrderStatus::Paid);
    bench.checkout.cancel(two, Actor::Guest, None).await.unwrap();
    let stock = bench.stock(tote, taipei).await;
    assert_eq!((stock.total, stock.available, stock.sold), (100, 99, 1));
    let parcel = bench.plan(one, taipei, &[]).await.unwrap().id;
    bench.act(parcel, ShipmentMove::Pack).await.unwrap();
    assert_eq!(refusal(bench.act(parcel, ShipmentMove::Ship).await), "Frozen");
    bench.assert_books_are_right().await;
}
