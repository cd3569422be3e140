//! The whole way of one order, with the books right at every step.

use kernel::Actor;
use orders::OrderStatus;
use shipping::shipments::ShipmentMove;

use crate::bench::Bench;

#[tokio::test]
async fn bought_paid_sent_in_two_parcels_partly_returned_partly_refunded_and_completed() {
    let bench = Bench::new().await;
    let (mug, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let order = bench.place(&[(mug, 4), (tote, 2)]).await.order.id;
    bench.assert_books_are_right().await;
    bench.pay(order).await;
    bench.assert_books_are_right().await;
    bench.cut(order, &[(1, 3)]).await.unwrap();
    bench.assert_books_are_right().await;
    let one = bench.plan(order, taipei, &[(1, 1), (2, 2)]).await.unwrap().id;
    bench.assert_books_are_right().await;
    bench.send(one).await;
    bench.assert_books_are_right().await;
    let two = bench.plan(order, taipei, &[]).await.unwrap().id;
    bench.send(two).await;
    bench.assert_books_are_right().await;
    for parcel in [one, two] {
        bench.act(parcel, ShipmentMove::Deliver).await.unwrap();
        bench.assert_books_are_right().await;
    }
    let back = bench.ask_return(order, &[(1, 1), (2, 1)], Actor::Guest).await.unwrap();
    bench.assert_books_are_right().await;
    bench.decide(back.id, true).await.unwrap();
    bench.assert_books_are_right().await;
    bench.arrive(back.id, &[(1, 1), (2, 1)]).await.unwrap();
    bench.assert_books_are_right().await;
    bench.inspect(back.id, &[(1, [1, 0, 0]), (2, [0, 1, 0])]).await.unwrap();
    bench.assert_books_are_right().await;
    assert_eq!(bench.refunds(order).await, [390, 390 + 1990]);
    bench.minutes_pass(8 * 24 * 60);
    assert_eq!(bench.checkout.complete_batch().await.unwrap(), 1);
    bench.assert_books_are_right().await;
    assert_eq!(bench.load(order).await.status, OrderStatus::Completed);
    assert_eq!(
        bench.events(order).await[3..],
        [
            "refund.requested",
            "order.edited",
            "shipment.created",
            "shipment.shipped",
            "shipment.created",
            "shipment.shipped",
            "shipment.delivered",
            "shipment.delivered",
            "return.requested",
            "return.approved",
            "return.received",
            "refund.requested",
            "return.inspected",
            "order.completed",
        ]
    );
    let mugs = bench.stock(mug, taipei).await;
    assert_eq!((mugs.total, mugs.available, mugs.sold), (8, 8, 0));
    let totes = bench.stock(tote, taipei).await;
    assert_eq!((totes.total, totes.available, totes.sold), (98, 98, 0));
}
