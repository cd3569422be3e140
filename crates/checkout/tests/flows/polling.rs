//! Attempts of which no news came are asked about, by one node each.

use jiff::SignedDuration;
use kernel::Clock as _;
use orders::OrderStatus;
use payments::{IssuedCode, PaymentStatus, polling};
use serde_json::json;

use crate::bench::Bench;

#[tokio::test]
async fn a_payment_without_a_notice_is_found_after_ten_minutes() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, _) = bench.at_ecpay(order, "ecpay_credit").await;
    bench.ecpay_fails(json!({"kind": "silence"})).await;
    bench.ecpay_does(&trade_no, "pay", json!({})).await;
    bench.minutes_pass(9);
    assert_eq!(bench.checkout.poll_round().await.unwrap(), 0);
    bench.minutes_pass(1);
    assert_eq!(bench.checkout.poll_round().await.unwrap(), 1);
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    assert_eq!(bench.events(order).await, ["order.created", "payment.succeeded", "order.paid"]);
    let due = "SELECT count(*) FROM payments.attempts WHERE next_poll_at IS NOT NULL";
    assert_eq!(bench.count(due).await, 0, "who is paid is not asked about");
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn an_unpaid_attempt_is_asked_about_at_its_times_and_then_no_more() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, _) = bench.at_ecpay(order, "ecpay_credit").await;
    for (minutes, asked) in [(10, 1), (10, 1), (20, 1), (80, 1), (22 * 60, 1), (24 * 60, 0)] {
        bench.minutes_pass(minutes);
        assert_eq!(bench.checkout.poll_round().await.unwrap(), asked, "{minutes}");
        assert_eq!(bench.checkout.poll_round().await.unwrap(), 0);
    }
    assert_eq!(bench.asked(&trade_no).await, 5);
    assert_eq!(bench.attempts(order).await[0].status, PaymentStatus::Pending);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_code_that_was_not_announced_is_fetched_and_asked_about_when_it_has_expired() {
    let bench = Bench::new().await;
    for method in ["ecpay_atm", "ecpay_cvs", "ecpay_barcode"] {
        let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
        let (trade_no, _) = bench.at_ecpay(order, method).await;
        bench.ecpay_does(&trade_no, "issue", json!({})).await;
        bench.minutes_pass(10);
        assert_eq!(bench.checkout.poll_round().await.unwrap(), 1);
        let attempt = bench.attempts(order).await.remove(0);
        let code = attempt.code.expect("the code was fetched");
        let fits = match method {
            "ecpay_atm" => matches!(code, IssuedCode::Atm { .. }),
            "ecpay_cvs" => matches!(code, IssuedCode::Cvs { .. }),
            _ => matches!(code, IssuedCode::Barcode { .. }),
        };
        assert!(fits, "{method}: {code:?}");
        // Nobody can pay any more when the stock may still be held for a while.
        assert!(code.expires_at() <= attempt.pay_until.unwrap(), "{method}: {code:?}");
        assert!(attempt.pay_until.unwrap() < bench.load(order).await.reserved_until);
        assert_eq!(bench.events(order).await, ["order.created", "payment.code_issued"]);
        assert_eq!(bench.checkout.poll_round().await.unwrap(), 0);
        let left = code.expires_at().duration_since(bench.test.clock().now());
        bench.test.clock().advance(left + SignedDuration::from_mins(10));
        assert_eq!(bench.checkout.poll_round().await.unwrap(), 1);
        assert_eq!(bench.load(order).await.status, OrderStatus::PendingPayment);
        bench.minutes_pass(10 * 24 * 60);
        assert_eq!(bench.end_due().await, 1);
        bench.checkout.poll_round().await.unwrap();
    }
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_question_without_an_answer_is_asked_again_soon() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (trade_no, _) = bench.at_ecpay(order, "ecpay_credit").await;
    bench.ecpay_fails(json!({"kind": "query_forged", "times": 100})).await;
    bench.minutes_pass(10);
    assert_eq!(bench.checkout.poll_round().await.unwrap(), 1);
    let answered = bench.attempts(order).await[0].answered_at;
    assert_eq!(answered, None, "what cannot be believed is no answer");
    bench.minutes_pass(4);
    assert_eq!(bench.checkout.poll_round().await.unwrap(), 0);
    bench.minutes_pass(1);
    assert_eq!(bench.checkout.poll_round().await.unwrap(), 1);
    assert!(bench.asked(&trade_no).await >= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_ask_about_each_attempt_once() {
    let bench = Bench::new().await;
    let mut numbers = Vec::new();
    for turn in 0..12 {
        let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
        let (trade_no, _) = bench.at_ecpay(order, "ecpay_credit").await;
        if turn % 2 == 0 {
            let fault = json!({"kind": "silence", "merchant_trade_no": trade_no});
            bench.ecpay_fails(fault).await;
            bench.ecpay_does(&trade_no, "pay", json!({})).await;
        }
        numbers.push(trade_no);
    }
    bench.minutes_pass(10);
    let other = bench.another_node();
    let (here, there) = tokio::join!(bench.checkout.poll_round(), other.poll_round());
    let rest = bench.checkout.poll_round().await.unwrap();
    assert_eq!(here.unwrap() + there.unwrap() + rest, 12);
    for number in numbers {
        assert_eq!(bench.asked(&number).await, 1);
    }
    let paid = "SELECT count(*) FROM orders.orders WHERE status = 'paid'";
    assert_eq!(bench.count(paid).await, 6);
    let told = "SELECT count(*) FROM outbox.events WHERE type = 'order.paid'";
    assert_eq!(bench.count(told).await, 6);
    bench.assert_books_are_right().await;
}

/// A claim whose node died is taken over when its lease is out.
#[tokio::test]
async fn a_node_that_dies_while_it_asks_leaves_the_attempt_to_others() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    bench.at_ecpay(order, "ecpay_credit").await;
    bench.minutes_pass(10);
    let now = bench.test.clock().now();
    let mut tx = bench.test.db().begin().await.unwrap();
    let lease = now + SignedDuration::from_mins(5);
    assert_eq!(polling::claim(&mut tx, now, lease, 20).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    bench.minutes_pass(4);
    assert_eq!(bench.checkout.poll_round().await.unwrap(), 0);
    bench.minutes_pass(1);
    assert_eq!(bench.checkout.poll_round().await.unwrap(), 1);
}
