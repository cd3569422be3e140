//! What comes back.

use checkout::RefundAmount;
use kernel::{Actor, Money, Quantity};
use orders::OrderStatus;
use shipping::{ReturnStatus, ShipmentStatus};
use testkit::seed;

use super::hands::{refusal, staff};
use crate::bench::Bench;

#[tokio::test]
async fn exactly_what_was_accepted_is_refunded_and_taken_back() {
    let bench = Bench::new().await;
    let (mug, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let (order, _) = bench.delivered(&[(mug, 5)]).await;
    let back = bench.ask_return(order, &[(1, 3)], Actor::Guest).await.unwrap();
    assert_eq!((back.number, back.status), (1, ReturnStatus::Requested));
    assert_eq!(bench.load(order).await.status, OrderStatus::ReturnRequested);
    // One at a time.
    let twice = bench.ask_return(order, &[(1, 1)], Actor::Guest).await;
    assert_eq!(refusal(twice), "RequestReturn from ReturnRequested");
    // Nothing arrives before it is approved, and nothing is looked at before it arrives.
    assert_eq!(refusal(bench.arrive(back.id, &[(1, 3)]).await), "InvalidReturnMove");
    let back = bench.decide(back.id, true).await.unwrap();
    assert_eq!(back.answer.as_deref(), Some("send it to Taipei"));
    assert_eq!(refusal(bench.inspect(back.id, &[(1, [3, 0, 0])]).await), "InvalidReturnMove");
    assert_eq!(refusal(bench.arrive(back.id, &[(1, 4)]).await), "ReturnLines");
    bench.arrive(back.id, &[(1, 3)]).await.unwrap();
    assert_eq!(bench.stock(mug, taipei).await.total, 5);
    assert_eq!(refusal(bench.cancel_return(back.id).await), "InvalidReturnMove");
    assert_eq!(refusal(bench.inspect(back.id, &[(1, [1, 0, 0])]).await), "ReturnLines");

    // One is good, one is broken, one is not ours.
    let done = bench.inspect(back.id, &[(1, [1, 1, 1])]).await.unwrap();
    assert_eq!(done.status, ReturnStatus::Inspected);
    assert_eq!(bench.refunds(order).await, [2 * 390]);
    assert!(done.refund.is_some());
    let stock = bench.stock(mug, taipei).await;
    assert_eq!((stock.total, stock.available), (6, 6));
    let why = "SELECT count(*) FROM inventory.movements
                WHERE kind = 'adjust' AND d_total = -1 AND reason LIKE '%a crack in the handle%'";
    assert_eq!(bench.count(why).await, 1);
    // Three are still with the customer: the order goes on, and so does its time.
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    assert_eq!(refusal(bench.inspect(back.id, &[(1, [1, 1, 1])]).await), "InvalidReturnMove");
    bench.assert_books_are_right().await;

    // The rest comes back, and with it the order is returned.
    let rest = bench.arrived(order, &[(1, 3)]).await;
    bench.inspect(rest, &[(1, [3, 0, 0])]).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::Returned);
    // 5 mugs: 1,950, free of shipping; all of it has gone back.
    assert_eq!(bench.refunds(order).await, [2 * 390, 3 * 390]);
    assert_eq!(bench.stock(mug, taipei).await.total, 9);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn with_the_last_unit_the_shipping_fee_goes_back_too() {
    let bench = Bench::new().await;
    let (order, parcel) = bench.delivered(&[(bench.shop.mug_white, 2)]).await;
    let back = bench.arrived(order, &[(1, 2)]).await;
    bench.inspect(back, &[(1, [2, 0, 0])]).await.unwrap();
    assert_eq!(bench.refunds(order).await, [2 * 390 + 80]);
    assert_eq!(bench.load(order).await.status, OrderStatus::Returned);
    let mut conn = bench.test.db().acquire().await.unwrap();
    let shipment = shipping::shipments::find(&mut conn, parcel).await.unwrap().unwrap();
    assert_eq!(shipment.status, ShipmentStatus::Returned);
    drop(conn);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_is_refused_costs_nothing_and_moves_nothing() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let (order, _) = bench.delivered(&[(tote, 1)]).await;
    let back = bench.arrived(order, &[(1, 1)]).await;
    let done = bench.inspect(back, &[(1, [0, 0, 1])]).await.unwrap();
    assert_eq!((done.refund, done.lines[0].accepted()), (None, 0));
    assert_eq!(bench.refunds(order).await, [0_i64; 0]);
    assert_eq!(bench.stock(tote, taipei).await.total, 99);
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_return_that_is_rejected_or_given_up_puts_the_order_back_where_it_was() {
    let bench = Bench::new().await;
    let (order, _) = bench.delivered(&[(bench.shop.tote_large, 1)]).await;
    let rejected = bench.ask_return(order, &[(1, 1)], Actor::Guest).await.unwrap();
    bench.decide(rejected.id, false).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    assert_eq!(refusal(bench.decide(rejected.id, true).await), "InvalidReturnMove");
    let given_up = bench.ask_return(order, &[(1, 1)], Actor::Guest).await.unwrap();
    assert_eq!(given_up.number, 2);
    bench.decide(given_up.id, true).await.unwrap();
    bench.cancel_return(given_up.id).await.unwrap();
    assert_eq!(refusal(bench.cancel_return(given_up.id).await), "InvalidReturnMove");
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    bench.assert_books_are_right().await;

    // It still is completed when its time comes, and operations may return it even then.
    bench.minutes_pass(8 * 24 * 60);
    assert_eq!(bench.checkout.complete_batch().await.unwrap(), 1);
    let late = bench.ask_return(order, &[(1, 1)], staff()).await.unwrap();
    assert_eq!(bench.checkout.complete_batch().await.unwrap(), 0);
    bench.decide(late.id, false).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::Completed);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn the_time_for_returns_is_exact_and_does_not_bind_the_shop() {
    let bench = Bench::new().await;
    let (order, _) = bench.delivered(&[(bench.shop.tote_large, 2)]).await;
    bench.minutes_pass((7 * 24 + 14) * 60 - 1);
    let in_time = bench.ask_return(order, &[(1, 1)], Actor::Guest).await.unwrap();
    bench.cancel_return(in_time.id).await.unwrap();
    bench.minutes_pass(1);
    let before = bench.fingerprint().await;
    let late = bench.ask_return(order, &[(1, 1)], Actor::Guest).await;
    assert_eq!(refusal(late), "ReturnPeriodOver");
    assert_eq!(bench.fingerprint().await, before);
    bench.ask_return(order, &[(1, 1)], staff()).await.unwrap();
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn only_what_is_with_the_customer_can_come_back() {
    let bench = Bench::new().await;
    let (mug, tote) = (bench.shop.mug_white, bench.shop.tote_large);
    let order = bench.bought(&[(mug, 2), (tote, 1)]).await;
    let unsent = bench.ask_return(order, &[(1, 1)], Actor::Guest).await;
    assert_eq!(refusal(unsent), "RequestReturn from Paid");
    // One mug is taken off before the rest is sent.
    bench.cut(order, &[(1, 1)]).await.unwrap();
    bench.send_all(order).await;
    for (lines, code) in [
        (vec![(1, 2)], "UnitsExceeded"),
        (vec![(3, 1)], "NoSuchLine"),
        (vec![(1, 1), (1, 1)], "NoSuchLine"),
    ] {
        let refused = bench.ask_return(order, &lines, Actor::Guest).await;
        assert_eq!(refusal(refused), code, "{lines:?}");
    }
    // On its way, it can be asked for already.
    let back = bench.arrived(order, &[(1, 1), (2, 1)]).await;
    bench.inspect(back, &[(1, [1, 0, 0]), (2, [0, 1, 0])]).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::Returned);
    assert_eq!(bench.refunds(order).await, [390, 390 + 1990]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_bundle_comes_back_with_all_of_its_parts() {
    let bench = Bench::new().await;
    let (shop, set) = (bench.shop, seed::id(0x50, 7));
    seed::variant(&bench.test, set, shop.mug, "SET", 2500).await;
    seed::bundle(&bench.test, set, &[(shop.mug_white, 2), (shop.tote_large, 1)]).await;
    let (order, _) = bench.delivered(&[(set, 2)]).await;
    let back = bench.arrived(order, &[(1, 1)]).await;
    bench.inspect(back, &[(1, [1, 0, 0])]).await.unwrap();
    assert_eq!(bench.refunds(order).await, [2500]);
    assert_eq!(bench.stock(shop.mug_white, shop.taipei).await.available, 8);
    assert_eq!(bench.stock(shop.tote_large, shop.taipei).await.available, 99);
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn money_that_went_back_before_does_not_go_back_again() {
    let bench = Bench::new().await;
    let tote = bench.shop.tote_large;
    // Out of kindness: all but NT$ 990 of two totes.
    let (order, _) = bench.delivered(&[(tote, 2)]).await;
    let kind = RefundAmount::Amount(Money::twd(2990).unwrap());
    bench.ask_back(order, kind, staff()).await.unwrap();
    let back = bench.arrived(order, &[(1, 1)]).await;
    bench.inspect(back, &[(1, [1, 0, 0])]).await.unwrap();
    assert_eq!(bench.refunds(order).await, [2990, 990]);
    bench.assert_books_are_right().await;
    // The other one: nothing is left.
    let back = bench.arrived(order, &[(1, 1)]).await;
    let done = bench.inspect(back, &[(1, [1, 0, 0])]).await.unwrap();
    assert_eq!((done.refund, bench.refunds(order).await), (None, vec![2990, 990]));
    assert_eq!(bench.load(order).await.status, OrderStatus::Returned);
    bench.assert_books_are_right().await;
    // The same units: one of two was given back before.
    let (order, _) = bench.delivered(&[(tote, 3)]).await;
    let one = RefundAmount::Lines(vec![(1, Quantity::new(1).unwrap())]);
    bench.ask_back(order, one, staff()).await.unwrap();
    let back = bench.arrived(order, &[(1, 2)]).await;
    bench.inspect(back, &[(1, [2, 0, 0])]).await.unwrap();
    assert_eq!(bench.refunds(order).await, [1990, 2 * 1990]);
    let back = bench.arrived(order, &[(1, 1)]).await;
    let done = bench.inspect(back, &[(1, [1, 0, 0])]).await.unwrap();
    assert_eq!(done.refund, None);
    bench.assert_books_are_right().await;
}
