//! Parcels: planned, packed, sent, arrived; and the end of the order.

use checkout::{AfterSaleError, CheckoutError, after_sale::CarrierWord};
use kernel::id::VariantId;
use orders::OrderStatus;
use shipping::{ShipmentStatus, shipments::ShipmentMove};
use testkit::seed;

use super::hands::refusal;
use crate::bench::Bench;

fn exceeded<T: std::fmt::Debug>(answer: Result<T, CheckoutError>) -> (i16, i32) {
    match answer {
        Err(CheckoutError::AfterSale(AfterSaleError::UnitsExceeded { line_no, left })) => {
            (line_no, left)
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn an_order_leaves_in_two_parcels_and_is_shipped_with_the_last_unit() {
    let bench = Bench::new().await;
    let (mug, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let order = bench.bought(&[(mug, 3), (tote, 2)]).await;
    let one = bench.plan(order, taipei, &[(1, 2)]).await.unwrap();
    assert_eq!((one.number, one.status), (1, ShipmentStatus::Pending));
    assert_eq!(bench.load(order).await.status, OrderStatus::PreparingShipment);
    // Planned units are taken: one is left, and not of another line, nor elsewhere.
    assert_eq!(exceeded(bench.plan(order, taipei, &[(1, 2)]).await), (1, 1));
    assert_eq!(exceeded(bench.plan(order, bench.shop.kaohsiung, &[(1, 1)]).await), (1, 0));
    assert_eq!(refusal(bench.plan(order, taipei, &[(3, 1)]).await), "NoSuchLine");
    assert_eq!(refusal(bench.plan(order, seed::id(0x77, 0), &[]).await), "WarehouseNotFound");

    // Nothing has left before it is sent, and only what is packed is sent.
    assert_eq!(bench.stock(mug, taipei).await.sold, 3);
    assert_eq!(refusal(bench.act(one.id, ShipmentMove::Ship).await), "InvalidShipmentMove");
    bench.send(one.id).await;
    let stock = bench.stock(mug, taipei).await;
    assert_eq!((stock.total, stock.available, stock.sold), (8, 7, 1));
    assert_eq!(bench.load(order).await.status, OrderStatus::PreparingShipment);

    // The rest, whatever it is.
    let two = bench.plan(order, taipei, &[]).await.unwrap();
    assert_eq!(two.lines.iter().map(|it| it.quantity).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(refusal(bench.plan(order, taipei, &[]).await), "NothingLeft");
    bench.send(two.id).await;
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    assert_eq!(bench.fulfilments(order).await, [[3, 3, 0, 0], [2, 2, 0, 0]]);
    assert_eq!(refusal(bench.plan(order, taipei, &[]).await), "Prepare from Shipped");
    let events = bench.events(order).await;
    assert_eq!(
        events[3..],
        ["shipment.created", "shipment.shipped", "shipment.created", "shipment.shipped"]
    );
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_parcel_that_is_given_up_frees_its_units_for_another() {
    let bench = Bench::new().await;
    let (mug, taipei) = (bench.shop.mug_black, bench.shop.taipei);
    let order = bench.bought(&[(mug, 1)]).await;
    let one = bench.plan(order, taipei, &[]).await.unwrap();
    bench.act(one.id, ShipmentMove::Pack).await.unwrap();
    bench.act(one.id, ShipmentMove::Cancel).await.unwrap();
    for asked in [ShipmentMove::Cancel, ShipmentMove::Pack, ShipmentMove::Ship] {
        assert_eq!(refusal(bench.act(one.id, asked).await), "InvalidShipmentMove", "{asked:?}");
    }
    let two = bench.plan(order, taipei, &[]).await.unwrap();
    assert_eq!(two.number, 2);
    bench.send(two.id).await;
    // What has left cannot be given up.
    assert_eq!(refusal(bench.act(two.id, ShipmentMove::Cancel).await), "InvalidShipmentMove");
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn nothing_unpaid_is_sent() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let before = bench.fingerprint().await;
    let refused = bench.plan(order, bench.shop.taipei, &[]).await;
    assert_eq!(refusal(refused), "Prepare from PendingPayment");
    assert_eq!(bench.fingerprint().await, before);
}

#[tokio::test]
async fn a_line_from_two_warehouses_leaves_each_of_them() {
    let bench = Bench::new().await;
    let (mug, shop) = (bench.shop.mug_white, bench.shop);
    let order = bench.bought(&[(mug, 12)]).await;
    let near = bench.plan(order, shop.taipei, &[]).await.unwrap();
    let far = bench.plan(order, shop.kaohsiung, &[(1, 2)]).await.unwrap();
    assert_eq!((near.lines[0].quantity, far.lines[0].quantity), (10, 2));
    bench.send(far.id).await;
    assert_eq!(bench.load(order).await.status, OrderStatus::PreparingShipment);
    bench.send(near.id).await;
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    assert_eq!(bench.stock(mug, shop.taipei).await.total, 0);
    assert_eq!(bench.stock(mug, shop.kaohsiung).await.total, 3);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_bundle_is_sent_whole_or_by_its_parts() {
    let bench = Bench::new().await;
    let (shop, set): (_, VariantId) = (bench.shop, seed::id(0x50, 7));
    seed::variant(&bench.test, set, shop.mug, "SET", 2500).await;
    seed::bundle(&bench.test, set, &[(shop.mug_white, 2), (shop.tote_large, 1)]).await;
    let order = bench.bought(&[(set, 3)]).await;
    let whole = bench.plan(order, shop.taipei, &[(1, 1)]).await.unwrap();
    let units: Vec<_> = whole.lines.iter().map(|it| (it.variant, it.quantity)).collect();
    assert_eq!(units, [(shop.mug_white, 2), (shop.tote_large, 1)]);
    assert_eq!(exceeded(bench.plan(order, shop.taipei, &[(1, 3)]).await), (1, 2));
    bench.send(whole.id).await;
    bench.send_all(order).await;
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    assert_eq!(bench.stock(shop.mug_white, shop.taipei).await.total, 4);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn an_order_is_completed_when_all_has_arrived_and_the_time_for_returns_is_over() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let order = bench.bought(&[(tote, 2)]).await;
    let one = bench.plan(order, taipei, &[(1, 1)]).await.unwrap().id;
    let two = bench.plan(order, taipei, &[(1, 1)]).await.unwrap().id;
    bench.send(one).await;
    bench.act(one, ShipmentMove::Deliver).await.unwrap();
    bench.send(two).await;
    // A month later the second parcel is still on its way.
    bench.minutes_pass(30 * 24 * 60);
    assert_eq!(bench.checkout.complete_batch().await.unwrap(), 0);
    bench.act(two, ShipmentMove::Deliver).await.unwrap();
    // It arrived at 10:00 in Taipei: seven days after that day are over in 7 days and 14 hours.
    bench.minutes_pass((7 * 24 + 14) * 60 - 1);
    assert_eq!(bench.checkout.complete_batch().await.unwrap(), 0);
    bench.minutes_pass(1);
    let both = tokio::join!(bench.checkout.complete_batch(), bench.checkout.complete_batch());
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1);
    assert_eq!(bench.load(order).await.status, OrderStatus::Completed);
    assert_eq!(bench.events(order).await.last().unwrap(), "order.completed");
    assert_eq!(bench.checkout.complete_batch().await.unwrap(), 0);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_carriers_word_is_taken_once_and_only_of_what_left() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let order = bench.bought(&[(tote, 1)]).await;
    let parcel = bench.plan(order, taipei, &[]).await.unwrap().id;
    bench.name(parcel, "tcat", "9012345678").await;
    let word = |carrier: &str, number: &str| CarrierWord {
        carrier: carrier.to_owned(),
        tracking_number: number.to_owned(),
        delivered_at: None,
    };
    let good = word("tcat", "9012345678");
    for unknown in [word("hct", "9012345678"), word("tcat", "9012345679")] {
        let answer = bench.checkout.take_carriers_word(&unknown).await;
        assert_eq!(refusal(answer), "ShipmentNotFound");
    }
    // It has not left, as far as the shop knows.
    let early = bench.checkout.take_carriers_word(&good).await;
    assert_eq!(refusal(early), "InvalidShipmentMove");
    bench.send(parcel).await;
    bench.minutes_pass(60);
    // Their clock is a day behind: it did not arrive before it left.
    let earlier = "2026-05-31T02:00:00Z".parse().ok();
    let odd = CarrierWord { delivered_at: earlier, ..good.clone() };
    assert!(bench.checkout.take_carriers_word(&odd).await.unwrap());
    assert!(!bench.checkout.take_carriers_word(&good).await.unwrap());
    let mut conn = bench.test.db().acquire().await.unwrap();
    let shipment = shipping::shipments::find(&mut conn, parcel).await.unwrap().unwrap();
    assert_eq!(shipment.status, ShipmentStatus::Delivered);
    assert_eq!(shipment.delivered_at, shipment.shipped_at);
    let told = bench.events(order).await;
    assert_eq!(told.iter().filter(|it| *it == "shipment.delivered").count(), 1);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_parcel_that_nobody_fetched_comes_back_and_its_order_is_not_completed() {
    let bench = Bench::new().await;
    let order = bench.bought(&[(bench.shop.tote_large, 1)]).await;
    let parcel = bench.send_all(order).await;
    bench.act(parcel, ShipmentMove::ComeBack).await.unwrap();
    bench.minutes_pass(365 * 24 * 60);
    assert_eq!(bench.checkout.complete_batch().await.unwrap(), 0);
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    // The goods are taken in as a return, which operations ask for.
    let back = bench.ask_return(order, &[(1, 1)], super::hands::staff()).await.unwrap();
    bench.decide(back.id, true).await.unwrap();
    bench.arrive(back.id, &[(1, 1)]).await.unwrap();
    bench.inspect(back.id, &[(1, [1, 0, 0])]).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::Returned);
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.available, 100);
    bench.assert_books_are_right().await;
}
