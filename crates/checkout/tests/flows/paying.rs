use ecpay::NoticeError;
use kernel::Actor;
use orders::OrderStatus;
use payments::notices::Verdict;
use uuid::Uuid;

use crate::bench::Bench;

#[tokio::test]
async fn a_paid_order_has_sold_its_stock_once_however_often_it_is_told() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let order = bench.place(&[(tote, 3)]).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    assert_eq!(amount, 3 * 1990);
    let body = bench.notice(&trade_no, amount, "1", "0");
    assert_eq!(bench.deliver(&body).await.verdict, Verdict::Accepted);
    for _ in 0..3 {
        assert_eq!(bench.deliver(&body).await.verdict, Verdict::Repeated);
    }
    let late_failure = bench.notice(&trade_no, amount, "10100058", "0");
    assert_eq!(bench.deliver(&late_failure).await.verdict, Verdict::Repeated);

    let stock = bench.stock(tote, taipei).await;
    assert_eq!((stock.available, stock.reserved, stock.sold), (97, 0, 3));
    let order = bench.load(order).await;
    assert_eq!((order.status, order.paid_at.is_some()), (OrderStatus::Paid, true));
    assert_eq!(bench.events(order.id).await, ["order.created", "payment.succeeded", "order.paid"]);
    assert_eq!(bench.count("SELECT count(*) FROM payments.notices").await, 5);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn notices_at_the_same_time_pay_once() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    let body = bench.notice(&trade_no, amount, "1", "0");
    let replies = futures::future::join_all((0..8).map(|_| bench.deliver(&body))).await;
    let accepted = replies.iter().filter(|r| r.verdict == Verdict::Accepted).count();
    assert_eq!(accepted, 1);
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.sold, 1);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_is_not_to_be_believed_changes_nothing() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    let good = bench.notice(&trade_no, amount, "1", "0");

    let forged = good.replace("TradeAmt=1990", "TradeAmt=1");
    assert_ne!(forged, good);
    let refused = bench.checkout.verify_notice(forged.as_bytes());
    assert_eq!(refused.unwrap_err(), NoticeError::BadSignature);

    let wrong_amount = bench.notice(&trade_no, amount - 1, "1", "0");
    assert_eq!(bench.deliver(&wrong_amount).await.verdict, Verdict::WrongAmount);
    let simulated = bench.notice(&trade_no, amount, "1", "1");
    assert_eq!(bench.deliver(&simulated).await.verdict, Verdict::Simulated);
    for unknown in ["00AAAAAAAAAAAAAAAAAA", "somebodyelses1"] {
        let body = bench.notice(unknown, amount, "1", "0");
        assert_eq!(bench.deliver(&body).await.verdict, Verdict::Unknown);
    }
    assert_eq!(bench.load(order).await.status, OrderStatus::PendingPayment);
    let stock = bench.stock(bench.shop.tote_large, bench.shop.taipei).await;
    assert_eq!((stock.reserved, stock.sold), (1, 0));
    assert_eq!(bench.events(order).await, ["order.created"]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_failed_attempt_keeps_the_stock_and_another_one_may_pay() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (first, amount) = bench.begin(order).await;
    let failed = bench.notice(&first, amount, "10100058", "0");
    assert_eq!(bench.deliver(&failed).await.verdict, Verdict::Accepted);
    assert_eq!(bench.deliver(&failed).await.verdict, Verdict::Repeated);
    assert_eq!(bench.load(order).await.status, OrderStatus::PendingPayment);

    assert_eq!(bench.pay(order).await.verdict, Verdict::Accepted);
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    assert_eq!(
        bench.events(order).await,
        ["order.created", "payment.failed", "payment.succeeded", "order.paid"]
    );
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn failed_then_succeeded_under_one_number_is_paid() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    bench.deliver(&bench.notice(&trade_no, amount, "10100058", "0")).await;
    let reply = bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(reply.verdict, Verdict::Accepted);
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn paid_twice_the_second_money_goes_back() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (one, amount) = bench.begin(order).await;
    let (two, _) = bench.begin(order).await;
    bench.deliver(&bench.notice(&one, amount, "1", "0")).await;
    bench.deliver(&bench.notice(&two, amount, "1", "0")).await;
    bench.deliver(&bench.notice(&two, amount, "1", "0")).await;
    assert_eq!(
        bench
            .count("SELECT sum(amount)::bigint FROM payments.refunds WHERE reason = 'paid_twice'")
            .await,
        1990
    );
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.sold, 1);
    assert!(bench.events(order).await.contains(&"refund.requested".to_owned()));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn the_same_key_gives_the_same_form_and_an_ended_order_gives_none() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let key = Uuid::from_u128(5);
    let form = bench.checkout.begin_payment(order, key, Actor::Guest).await.unwrap();
    bench.minutes_pass(1);
    let again = bench.checkout.begin_payment(order, key, Actor::Guest).await.unwrap();
    assert_eq!(form, again);
    assert_eq!(bench.count("SELECT count(*) FROM payments.attempts").await, 1);
    bench.minutes_pass(30);
    let late = bench.checkout.begin_payment(order, Uuid::from_u128(6), Actor::Guest).await;
    assert!(matches!(late, Err(checkout::CheckoutError::ReservationOver)), "{late:?}");
    assert_eq!(bench.count("SELECT count(*) FROM payments.attempts").await, 1);
}
