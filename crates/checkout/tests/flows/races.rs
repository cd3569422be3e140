use futures::future::join_all;
use intake::{PlaceError, Refusal};
use kernel::Actor;
use orders::OrderStatus;

use crate::bench::{Bench, quick};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_over_the_same_rows_in_any_order_neither_deadlock_nor_oversell() {
    let bench = Bench::with(intake::Settings { batch: 7, batchers: 4, ..quick() }).await;
    let shop = bench.shop;
    let variants = [shop.mug_white, shop.mug_black, shop.tote_large];
    let requests: Vec<_> = (0..300)
        .map(|n| {
            let first = variants[n % 3];
            let second = variants[(n / 3) % 3];
            bench.order(&[(first, 1), (second, 1 + i64::try_from(n % 2).unwrap())])
        })
        .collect();
    let answers = bench.place_all(requests).await;
    for answer in &answers {
        assert!(
            matches!(answer, Ok(_) | Err(PlaceError::Refused(Refusal::Shortage(_)))),
            "{answer:?}"
        );
    }
    assert!(answers.iter().any(Result::is_ok));
    bench.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expiry_payment_and_cancellation_at_the_same_moment_agree() {
    let bench = Bench::with(quick()).await;
    let tote = bench.shop.tote_large;
    let requests: Vec<_> = (0..60).map(|_| bench.order(&[(tote, 1)])).collect();
    let placed = bench.place_all(requests).await;
    let orders: Vec<_> = placed.into_iter().map(|p| p.unwrap().order.id).collect();
    let mut notices = Vec::new();
    for order in &orders {
        let (trade_no, amount) = bench.begin(*order).await;
        notices.push(bench.notice(&trade_no, amount, "1", "0"));
    }
    bench.minutes_pass(30);
    let pay = join_all(notices.iter().map(|body| bench.deliver(body)));
    let cancel =
        join_all(orders.iter().step_by(3).map(|o| bench.checkout.cancel(*o, Actor::Guest, None)));
    let expire = join_all((0..4).map(|_| bench.checkout.expire_due()));
    let (_, cancelled, expired) = tokio::join!(pay, cancel, expire);
    assert!(expired.iter().all(Result::is_ok), "{expired:?}");
    let cancelled = cancelled.iter().filter(|result| result.is_ok()).count();

    let (mut paid, mut ended) = (0, 0);
    for order in &orders {
        match bench.load(*order).await.status {
            OrderStatus::Paid => paid += 1,
            // Cancelled before it was paid, or after: then its money goes back.
            OrderStatus::Cancelled | OrderStatus::RefundRequested => ended += 1,
            other => panic!("{other:?}"),
        }
    }
    // All money came: whatever was not cancelled by its buyer is paid, in time or late.
    assert_eq!((paid, ended), (60 - cancelled, cancelled));
    let stock = bench.stock(tote, bench.shop.taipei).await;
    assert_eq!((stock.available, stock.reserved), (100 - stock.sold, 0));
    assert_eq!(usize::try_from(stock.sold).unwrap(), paid);
    bench.assert_books_are_right().await;
}
