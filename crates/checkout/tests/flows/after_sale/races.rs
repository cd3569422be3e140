//! Two who want what only one can have.

use futures::future::join_all;
use kernel::Actor;
use orders::OrderStatus;
use shipping::shipments::ShipmentMove;

use crate::bench::{Bench, quick};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_cancelled_or_sent_and_never_both() {
    let bench = Bench::with(quick()).await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let mut parcels = Vec::new();
    for _ in 0..20 {
        let order = bench.bought(&[(tote, 1)]).await;
        let parcel = bench.plan(order, taipei, &[]).await.unwrap().id;
        bench.act(parcel, ShipmentMove::Pack).await.unwrap();
        parcels.push((order, parcel));
    }
    let cancel = join_all(
        parcels.iter().map(|(order, _)| bench.checkout.cancel(*order, Actor::Guest, None)),
    );
    let send = join_all(parcels.iter().map(|(_, parcel)| bench.act(*parcel, ShipmentMove::Ship)));
    let (cancelled, shipped) = tokio::join!(cancel, send);
    let mut left = 0;
    for ((cancelled, sent), (order, _)) in cancelled.iter().zip(&shipped).zip(&parcels) {
        assert!(cancelled.is_ok() != sent.is_ok(), "{cancelled:?} {sent:?}");
        let expected =
            if sent.is_ok() { OrderStatus::Shipped } else { OrderStatus::RefundRequested };
        assert_eq!(bench.load(*order).await.status, expected);
        assert_eq!(bench.refunds(*order).await.len(), usize::from(cancelled.is_ok()));
        left += i32::from(sent.is_ok());
    }
    let stock = bench.stock(tote, taipei).await;
    assert_eq!((stock.total, stock.available, stock.sold), (100 - left, 100 - left, 0));
    bench.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_and_paying_at_the_same_moment_end_in_all_or_nothing() {
    let bench = Bench::with(quick()).await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let mut begun = Vec::new();
    for _ in 0..20 {
        let order = bench.place(&[(tote, 1)]).await.order.id;
        let (trade_no, amount) = bench.begin(order).await;
        begun.push((order, bench.notice(&trade_no, amount, "1", "0")));
    }
    let cancel =
        join_all(begun.iter().map(|(order, _)| bench.checkout.cancel(*order, Actor::Guest, None)));
    let pay = join_all(begun.iter().map(|(_, notice)| bench.deliver(notice)));
    let (cancelled, _) = tokio::join!(cancel, pay);
    // Whoever came first: all were cancelled, and all of the money goes back.
    for (cancelled, (order, _)) in cancelled.iter().zip(&begun) {
        assert!(cancelled.is_ok(), "{cancelled:?}");
        let status = bench.load(*order).await.status;
        let ended = [OrderStatus::Cancelled, OrderStatus::RefundRequested];
        assert!(ended.contains(&status), "{status:?}");
        assert_eq!(bench.refunds(*order).await, [1990]);
    }
    let stock = bench.stock(tote, taipei).await;
    assert_eq!((stock.total, stock.available, stock.sold), (100, 100, 0));
    bench.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_unit_goes_into_one_parcel() {
    let bench = Bench::with(quick()).await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let order = bench.bought(&[(tote, 3)]).await;
    let plans = join_all((0..4).map(|_| bench.plan(order, taipei, &[(1, 2)]))).await;
    assert_eq!(plans.iter().filter(|plan| plan.is_ok()).count(), 1, "{plans:?}");
    let plans = join_all((0..4).map(|_| bench.plan(order, taipei, &[(1, 1)]))).await;
    assert_eq!(plans.iter().filter(|plan| plan.is_ok()).count(), 1, "{plans:?}");
    bench.assert_books_are_right().await;
    // Each is sent once, however many send it, and the order is shipped once.
    let mut conn = bench.test.db().acquire().await.unwrap();
    let parcels = shipping::shipments::of_order(&mut conn, order).await.unwrap();
    drop(conn);
    for parcel in &parcels {
        bench.act(parcel.id, ShipmentMove::Pack).await.unwrap();
    }
    let all = parcels.iter().flat_map(|it| [it.id; 3]);
    let sent = join_all(all.map(|id| bench.act(id, ShipmentMove::Ship))).await;
    assert_eq!(sent.iter().filter(|it| it.is_ok()).count(), 2, "{sent:?}");
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    assert_eq!(bench.stock(tote, taipei).await.total, 97);
    bench.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_is_asked_for_and_inspected_once_however_many_try() {
    let bench = Bench::with(quick()).await;
    let (order, _) = bench.delivered(&[(bench.shop.tote_large, 2)]).await;
    let asked = join_all((0..4).map(|_| bench.ask_return(order, &[(1, 2)], Actor::Guest))).await;
    let back: Vec<_> = asked.iter().flatten().collect();
    assert_eq!(back.len(), 1, "{asked:?}");
    let id = back[0].id;
    bench.decide(id, true).await.unwrap();
    bench.arrive(id, &[(1, 2)]).await.unwrap();
    let inspected = join_all((0..4).map(|_| bench.inspect(id, &[(1, [2, 0, 0])]))).await;
    assert_eq!(inspected.iter().filter(|it| it.is_ok()).count(), 1, "{inspected:?}");
    assert_eq!(bench.refunds(order).await, [2 * 1990]);
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.available, 100);
    bench.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_and_the_end_of_its_time_at_the_same_moment_agree() {
    let bench = Bench::with(quick()).await;
    let mut orders = Vec::new();
    for _ in 0..10 {
        orders.push(bench.delivered(&[(bench.shop.tote_large, 1)]).await.0);
    }
    bench.minutes_pass((7 * 24 + 14) * 60);
    let ask = join_all(
        orders.iter().map(|order| bench.ask_return(*order, &[(1, 1)], super::hands::staff())),
    );
    let complete = join_all((0..4).map(|_| bench.checkout.complete_batch()));
    let (asked, completed) = tokio::join!(ask, complete);
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
    assert!(completed.iter().all(Result::is_ok), "{completed:?}");
    for order in &orders {
        assert_eq!(bench.load(*order).await.status, OrderStatus::ReturnRequested);
    }
    bench.assert_books_are_right().await;
}
