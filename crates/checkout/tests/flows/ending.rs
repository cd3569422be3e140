use checkout::CheckoutError;
use kernel::Actor;
use orders::OrderStatus;
use payments::notices::Verdict;

use crate::bench::Bench;

#[tokio::test]
async fn a_paid_order_never_expires() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    bench.pay(order).await;
    bench.minutes_pass(60);
    assert_eq!(bench.end_due().await, 0);
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
}

#[tokio::test]
async fn late_money_takes_the_stock_again_if_it_is_there() {
    let bench = Bench::new().await;
    let (mug, shop) = (bench.shop.mug_white, bench.shop);
    let order = bench.place(&[(mug, 8)]).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    bench.minutes_pass(31);
    bench.end_due().await;
    // Somebody else took some meanwhile: the rest is in two warehouses.
    bench.place(&[(mug, 5)]).await;
    let reply = bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(reply.verdict, Verdict::Accepted);
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    let sold =
        bench.stock(mug, shop.taipei).await.sold + bench.stock(mug, shop.kaohsiung).await.sold;
    assert_eq!(sold, 8);
    assert_eq!(bench.count("SELECT count(*) FROM payments.refunds").await, 0);
    assert_eq!(
        bench.events(order).await,
        ["order.created", "order.cancelled", "payment.succeeded", "order.paid"]
    );
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn late_money_for_stock_that_is_gone_goes_back() {
    let bench = Bench::new().await;
    let mug = bench.shop.mug_black;
    let order = bench.place(&[(mug, 1)]).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    bench.minutes_pass(31);
    bench.end_due().await;
    let winner = bench.place(&[(mug, 1)]).await.order.id;
    let body = bench.notice(&trade_no, amount, "1", "0");
    assert_eq!(bench.deliver(&body).await.verdict, Verdict::Accepted);
    assert_eq!(bench.deliver(&body).await.verdict, Verdict::Repeated);
    assert_eq!(bench.load(order).await.status, OrderStatus::Cancelled);
    assert_eq!(
        bench
            .count("SELECT sum(amount)::bigint FROM payments.refunds WHERE reason = 'stock_gone'")
            .await,
        i64::from(amount)
    );
    assert!(bench.events(order).await.contains(&"refund.requested".to_owned()));
    assert_eq!(bench.pay(winner).await.verdict, Verdict::Accepted);
    let stock = bench.stock(mug, bench.shop.taipei).await;
    assert_eq!((stock.available, stock.reserved, stock.sold), (0, 0, 1));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn late_money_for_stock_that_is_being_counted_goes_back_and_says_so() {
    let bench = Bench::new().await;
    let (black, white, taipei) = (bench.shop.mug_black, bench.shop.mug_white, bench.shop.taipei);
    let counted = bench.place(&[(black, 1)]).await.order.id;
    // Five are left in Kaohsiung: too few without those that are counted in Taipei.
    let partly = bench.place(&[(white, 6)]).await.order.id;
    let elsewhere = bench.place(&[(white, 5)]).await.order.id;
    let mut attempts = Vec::new();
    for order in [counted, partly, elsewhere] {
        attempts.push(bench.begin(order).await);
    }
    bench.minutes_pass(31);
    assert_eq!(bench.end_due().await, 3);
    for variant in [black, white] {
        bench.take_stock(variant).await;
    }
    for (trade_no, amount) in &attempts {
        let body = bench.notice(trade_no, *amount, "1", "0");
        assert_eq!(bench.deliver(&body).await.verdict, Verdict::Accepted);
        assert_eq!(bench.deliver(&body).await.verdict, Verdict::Repeated);
    }
    for (order, status) in [
        (counted, OrderStatus::Cancelled),
        (partly, OrderStatus::Cancelled),
        (elsewhere, OrderStatus::Paid),
    ] {
        assert_eq!(bench.load(order).await.status, status);
    }
    let refunds = "SELECT sum(amount)::bigint FROM payments.refunds WHERE reason = 'stock_frozen'";
    assert_eq!(bench.count(refunds).await, i64::from(attempts[0].1 + attempts[1].1));
    assert_eq!(bench.count("SELECT count(*) FROM payments.refunds").await, 2);
    let told = "SELECT count(*) FROM outbox.events
                 WHERE type = 'refund.requested' AND data::jsonb ->> 'reason' = 'stock_frozen'";
    assert_eq!(bench.count(told).await, 2);
    // Nothing of what is counted was taken.
    let stock = bench.stock(black, taipei).await;
    assert_eq!((stock.available, stock.reserved, stock.sold), (1, 0, 0));
    let stock = bench.stock(white, taipei).await;
    assert_eq!((stock.available, stock.reserved, stock.sold), (10, 0, 0));
    assert_eq!(bench.stock(white, bench.shop.kaohsiung).await.sold, 5);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_cancelled_order_frees_its_stock_and_money_for_it_goes_back() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let order = bench.place(&[(tote, 2)]).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    bench.checkout.cancel(order, Actor::Guest, Some("changed my mind")).await.unwrap();
    assert_eq!(bench.stock(tote, taipei).await.available, 100);
    let again = bench.checkout.cancel(order, Actor::Guest, None).await;
    assert!(matches!(again, Err(CheckoutError::InvalidTransition(_))), "{again:?}");

    // The buyer paid in the other window all the same.
    let reply = bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(reply.verdict, Verdict::Accepted);
    assert_eq!(bench.load(order).await.status, OrderStatus::Cancelled);
    assert_eq!(bench.stock(tote, taipei).await.available, 100);
    let refunds = "SELECT count(*) FROM payments.refunds WHERE reason = 'order_cancelled'";
    assert_eq!(bench.count(refunds).await, 1);
    bench.assert_books_are_right().await;
}
