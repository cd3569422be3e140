//! Expiry asks first: nothing is released while the provider may still say "paid".

use std::{sync::Arc, time::Duration};

use checkout::{Checkout, Patience};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Clock as _};
use orders::OrderStatus;
use payments::{
    Instruction, Payment, PaymentAsk, PaymentProvider, PaymentStatus, ProviderError, ProviderState,
    Providers, RefundAnswer, RefundOrder, notices::Verdict, provider::BoxFuture,
};
use serde_json::json;

use crate::bench::Bench;

/// A provider that takes everybody and answers nobody: what no stand-in can be made to do on time.
#[derive(Debug)]
struct Silent(ProviderError);

impl PaymentProvider for Silent {
    fn name(&self) -> &'static str {
        "ecpay"
    }

    fn methods(&self) -> &[&'static str] {
        &["ecpay_credit"]
    }

    fn begin(&self, attempt: &Payment, _: &PaymentAsk<'_>) -> Result<Instruction, ProviderError> {
        let number = attempt.trade_no.as_str().to_owned();
        let fields = vec![
            ("MerchantTradeNo".to_owned(), number),
            ("TotalAmount".to_owned(), attempt.amount.amount().to_string()),
        ];
        Ok(Instruction::Redirect { action: "https://pay.example".into(), fields })
    }

    fn query<'a>(
        &'a self,
        _: &'a Payment,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<ProviderState, ProviderError>> {
        Box::pin(async { Err(self.0.clone()) })
    }

    fn refund<'a>(
        &'a self,
        _: &'a Payment,
        _: &'a RefundOrder,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<RefundAnswer, ProviderError>> {
        Box::pin(async { Err(self.0.clone()) })
    }
}

/// The same shop, with a provider that answers nobody.
fn unanswered(bench: &mut Bench, error: ProviderError) {
    let silent: Arc<dyn PaymentProvider> = Arc::new(Silent(error));
    let patience = Patience { unanswered: SignedDuration::from_hours(2), ..Patience::default() };
    let providers = Providers::new([silent]);
    bench.checkout = Checkout { providers, patience, ..bench.checkout.clone() };
}

#[tokio::test]
async fn an_order_that_nobody_has_paid_ends_after_the_provider_was_asked() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, _) = bench.at_ecpay(order, "ecpay_credit").await;
    bench.minutes_pass(29);
    assert_eq!((bench.end_due().await, bench.asked(&trade_no).await), (0, 0));
    bench.minutes_pass(1);
    // The big batches pass it by.
    assert_eq!(bench.checkout.expire_batch().await.unwrap(), 0);
    assert_eq!(bench.load(order).await.status, OrderStatus::PendingPayment);
    assert_eq!((bench.end_due().await, bench.asked(&trade_no).await), (1, 1));
    assert_eq!(bench.load(order).await.status, OrderStatus::Cancelled);
    assert_eq!(bench.attempts(order).await[0].status, PaymentStatus::Cancelled);
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.available, 100);
    assert_eq!(bench.events(order).await, ["order.created", "order.cancelled"]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn an_order_that_was_paid_without_a_notice_is_found_paid() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, _) = bench.at_ecpay(order, "ecpay_credit").await;
    bench.ecpay_fails(json!({"kind": "silence"})).await;
    bench.ecpay_does(&trade_no, "pay", json!({})).await;
    bench.minutes_pass(30);
    assert_eq!((bench.end_due().await, bench.asked(&trade_no).await), (0, 1));
    let paid = bench.load(order).await;
    assert_eq!(paid.status, OrderStatus::Paid);
    assert_eq!(paid.paid_at, Some(bench.test.clock().now()));
    let attempt = bench.attempts(order).await.remove(0);
    assert_eq!((attempt.status, attempt.kept), (PaymentStatus::Succeeded, true));
    // What refunds of cards need.
    assert!(attempt.provider_trade_no.is_some() && attempt.card_auth_no.is_some(), "{attempt:?}");
    assert_eq!(bench.events(order).await, ["order.created", "payment.succeeded", "order.paid"]);
    assert_eq!(bench.end_due().await, 0);
    assert_eq!(bench.asked(&trade_no).await, 1, "who is paid is not asked about");
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_believed_is_none() {
    let bench = Bench::new().await;
    for fault in [
        json!({"kind": "query_forged", "times": 1000}),
        json!({"kind": "query_says", "trade_status": 1, "amount": 1, "times": 1000}),
    ] {
        let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
        let (trade_no, _) = bench.at_ecpay(order, "ecpay_credit").await;
        let mut fault = fault.clone();
        fault["merchant_trade_no"] = json!(trade_no);
        bench.ecpay_fails(fault).await;
        bench.minutes_pass(30);
        assert_eq!(bench.end_due().await, 0);
        assert_eq!(bench.load(order).await.status, OrderStatus::PendingPayment, "it is held");
        assert_eq!(bench.attempts(order).await[0].status, PaymentStatus::Pending);
    }
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_notice_of_failure_is_an_answer_and_so_is_a_poll() {
    let bench = Bench::new().await;
    let failed = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, amount) = bench.at_ecpay(failed, "ecpay_credit").await;
    bench.minutes_pass(29);
    bench.deliver(&bench.notice(&trade_no, amount, "10100058", "0")).await;
    bench.minutes_pass(1);
    assert_eq!((bench.end_due().await, bench.asked(&trade_no).await), (1, 0));
    // An older one is not recent enough: a second card may have paid since.
    let older = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, amount) = bench.at_ecpay(older, "ecpay_credit").await;
    bench.minutes_pass(5);
    bench.deliver(&bench.notice(&trade_no, amount, "10100058", "0")).await;
    bench.minutes_pass(25);
    assert_eq!((bench.end_due().await, bench.asked(&trade_no).await), (1, 1));
    for order in [failed, older] {
        assert_eq!(bench.load(order).await.status, OrderStatus::Cancelled);
    }
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn each_attempt_is_asked_about_and_one_that_was_paid_pays() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (first, _) = bench.at_ecpay(order, "ecpay_credit").await;
    let (second, _) = bench.at_ecpay(order, "ecpay_credit").await;
    bench.ecpay_fails(json!({"kind": "silence", "merchant_trade_no": second})).await;
    bench.ecpay_does(&second, "pay", json!({})).await;
    bench.minutes_pass(30);
    assert_eq!(bench.end_due().await, 0);
    assert_eq!((bench.asked(&first).await, bench.asked(&second).await), (1, 1));
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    let attempts: Vec<_> = bench.attempts(order).await.iter().map(|it| it.status).collect();
    assert_eq!(attempts, [PaymentStatus::Pending, PaymentStatus::Succeeded]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn while_the_provider_cannot_be_reached_the_order_is_held_and_not_for_ever() {
    let mut bench = Bench::new().await;
    unanswered(&mut bench, ProviderError::NotSent("no network".into()));
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let idle = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    bench.minutes_pass(30);
    assert_eq!(bench.end_due().await, 1, "the one that nobody began to pay");
    assert_eq!(bench.load(idle).await.status, OrderStatus::Cancelled);
    for _ in 0..119 {
        bench.minutes_pass(1);
        assert_eq!(bench.end_due().await, 0);
    }
    assert_eq!(bench.load(order).await.status, OrderStatus::PendingPayment);
    bench.minutes_pass(1);
    assert_eq!(bench.end_due().await, 1);
    assert_eq!(bench.load(order).await.status, OrderStatus::Cancelled);
    assert_eq!(
        bench.events(order).await,
        ["order.created", "order.cancelled", "payment.unanswered"]
    );
    let mut conn = bench.test.owner().acquire().await.unwrap();
    let told: serde_json::Value = sqlx::query_scalar(
        "SELECT data::jsonb FROM outbox.events WHERE type = 'payment.unanswered'",
    )
    .fetch_one(&mut *conn)
    .await
    .unwrap();
    assert_eq!(told["merchant_trade_no"], trade_no);
    assert_eq!(told["amount"]["amount"], amount);
    drop(conn);
    // The money was there after all.
    let late = bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(late.verdict, Verdict::Accepted);
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn who_is_asked_too_often_is_left_in_peace_for_as_long_as_it_says() {
    let mut bench = Bench::new().await;
    let retry_after = Duration::from_mins(10);
    unanswered(&mut bench, ProviderError::Throttled { retry_after });
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    bench.begin(order).await;
    bench.minutes_pass(30);
    let asked_at = "SELECT extract(epoch FROM ask_at - reserved_until)::bigint / 60
                      FROM orders.orders";
    assert_eq!((bench.end_due().await, bench.count(asked_at).await), (0, 10));
    bench.minutes_pass(9);
    assert_eq!((bench.end_due().await, bench.count(asked_at).await), (0, 10));
    bench.minutes_pass(1);
    assert_eq!((bench.end_due().await, bench.count(asked_at).await), (0, 20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_ask_about_each_order_once() {
    let bench = Bench::new().await;
    let mut numbers = Vec::new();
    for _ in 0..12 {
        let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
        numbers.push(bench.at_ecpay(order, "ecpay_credit").await.0);
    }
    bench.minutes_pass(30);
    let other = bench.another_node();
    let (here, there) = tokio::join!(bench.checkout.ask_and_expire(), other.ask_and_expire());
    // A node whose claim found the rest taken went home early.
    let rest = bench.checkout.ask_and_expire().await.unwrap();
    assert_eq!(here.unwrap() + there.unwrap() + rest, 12);
    for number in numbers {
        assert_eq!(bench.asked(&number).await, 1);
    }
    let cancelled = "SELECT count(*) FROM outbox.events WHERE type = 'order.cancelled'";
    assert_eq!(bench.count(cancelled).await, 12);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn where_orders_end_unasked_nobody_is_asked() {
    let mut bench = Bench::new().await;
    bench.checkout.patience.unanswered = SignedDuration::ZERO;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, _) = bench.at_ecpay(order, "ecpay_credit").await;
    bench.minutes_pass(30);
    assert_eq!(bench.checkout.expire_batch().await.unwrap(), 1);
    assert_eq!(
        (bench.load(order).await.status, bench.asked(&trade_no).await),
        (OrderStatus::Cancelled, 0)
    );
    bench.assert_books_are_right().await;
}

/// A claim whose node died is taken over when its lease is out.
#[tokio::test]
async fn a_node_that_dies_while_it_asks_leaves_the_order_to_others() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    bench.at_ecpay(order, "ecpay_credit").await;
    bench.minutes_pass(30);
    let mut tx = bench.test.db().begin().await.unwrap();
    let now = bench.test.clock().now();
    let lease = now + SignedDuration::from_mins(5);
    let claimed = orders::awaiting::claim_to_ask(&mut tx, now, lease, 20).await.unwrap();
    assert_eq!(claimed, [order]);
    tx.commit().await.unwrap();
    bench.minutes_pass(4);
    assert_eq!(bench.end_due().await, 0);
    bench.minutes_pass(1);
    assert_eq!(bench.end_due().await, 1);
    let again = bench.checkout.cancel(order, Actor::Guest, None).await;
    assert!(again.is_err());
    bench.assert_books_are_right().await;
}
