//! Money that goes back through ECPay, and ECPay's books against ours: with the simulator, over HTTP.

use std::{sync::Arc, time::Duration};

use checkout::{Checkout, Reconciler, RefundAmount, RefundWorker, refunds::Decision};
use ecpay::{Client, ClientOptions};
use jiff::civil::date;
use kernel::id::OrderId;
use orders::OrderStatus;
use payments::{
    PaymentProvider, Providers,
    providers::{EcpayOptions, EcpayProvider},
    reconciliation::{ReconciliationStatus, Statements},
    refunds::RefundStatus,
};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, browser},
    desk::twd,
};

/// Whoever asks ECPay for the details of cards.
fn provider(bench: &Bench) -> EcpayProvider {
    let often = std::num::NonZero::new(100_000).unwrap();
    let options = ClientOptions {
        calls_per_minute: often,
        burst: often,
        pause: Duration::from_millis(1),
        file_interval: Duration::ZERO,
        ..ClientOptions::default()
    };
    let ecpay = &bench.checkout.provider;
    let client = Client::new(ecpay.merchant.clone(), ecpay.environment.clone(), options).unwrap();
    EcpayProvider::new(client, EcpayOptions { check_code: Some(25_938_511) })
}

fn checkout(bench: &Bench) -> Checkout {
    let ecpay: Arc<dyn PaymentProvider> = Arc::new(provider(bench));
    Checkout { providers: Providers::new([ecpay]), ..bench.checkout.clone() }
}

/// An order of a large tote that was paid by card at ECPay, and found by asking; its number.
async fn paid_by_card(bench: &Bench) -> (OrderId, String) {
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (number, _) = bench.at_ecpay(order, "ecpay_credit").await;
    bench.ecpay_fails(json!({"kind": "silence"})).await;
    bench.ecpay_does(&number, "pay", json!({})).await;
    bench.minutes_pass(10);
    bench.checkout.poll_round().await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    (order, number)
}

/// The card of a trade, as ECPay has it.
async fn card(bench: &Bench, number: &str) -> Value {
    let url = format!("http://{}/simulator/trades/{number}", bench.simulator.local_addr());
    let trade: Value = browser().get(url).send().await.unwrap().json().await.unwrap();
    trade["card"].clone()
}

/// What ECPay has captured and given back, and its word for where the money is.
async fn money(bench: &Bench, number: &str) -> (String, i64, i64) {
    let card = card(bench, number).await;
    let state = card["state"].as_str().unwrap().to_owned();
    (state, card["captured"].as_i64().unwrap(), card["refunded"].as_i64().unwrap())
}

/// A day passes: what was authorised is captured.
fn a_day_passes(bench: &Bench) {
    bench.minutes_pass(24 * 60);
}

#[tokio::test]
async fn before_it_is_captured_all_of_it_is_given_up() {
    let bench = Bench::new().await;
    let (order, number) = paid_by_card(&bench).await;
    let refund = bench.approved(order, RefundAmount::Whole).await;
    let worker = RefundWorker::new(checkout(&bench));
    assert!(worker.run_due().await.unwrap());
    assert_eq!(bench.refund(refund.id).await.status, RefundStatus::Succeeded);
    let (state, _, refunded) = money(&bench, &number).await;
    assert_eq!((state.as_str(), refunded), ("abandoned", 0));
    assert_eq!(bench.load(order).await.status, OrderStatus::Refunded);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn while_it_is_being_captured_nothing_is_asked_for() {
    let bench = Bench::new().await;
    let (order, number) = paid_by_card(&bench).await;
    // It is ten past ten in Taipei: until sixteen past eight in the evening.
    bench.minutes_pass(10 * 60 + 6);
    let refund = bench.approved(order, RefundAmount::Whole).await;
    let worker = RefundWorker::new(checkout(&bench));
    assert!(worker.run_due().await.unwrap());
    assert_eq!(bench.refund(refund.id).await.status, RefundStatus::Processing);
    bench.minutes_pass(16);
    assert!(worker.run_due().await.unwrap());
    assert_eq!(bench.refund(refund.id).await.status, RefundStatus::Succeeded);
    assert_eq!(money(&bench, &number).await, ("captured".to_owned(), 1990, 1990));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn parts_go_back_of_what_is_captured_for_it() {
    let bench = Bench::new().await;
    let (order, number) = paid_by_card(&bench).await;
    let worker = RefundWorker::new(checkout(&bench));
    for (amount, gone) in [(500, 500), (1490, 1990)] {
        let refund = bench.approved(order, RefundAmount::Amount(twd(amount))).await;
        assert!(worker.run_due().await.unwrap());
        assert_eq!(bench.refund(refund.id).await.status, RefundStatus::Succeeded);
        let (_, captured, refunded) = money(&bench, &number).await;
        assert_eq!((captured, refunded), (1990, gone));
        a_day_passes(&bench);
    }
    assert_eq!(bench.load(order).await.status, OrderStatus::Refunded);
    assert_eq!(bench.money(order).await, ("refunded".to_owned(), 1990));
    bench.assert_books_are_right().await;
}

/// The line goes dead after ECPay has acted, or before: either way it acts once.
#[tokio::test]
async fn without_an_answer_it_is_found_out_what_was_given_back() {
    for (whole, captured, acted) in [
        (true, false, true),
        (true, true, true),
        (true, true, false),
        (false, true, true),
        (false, true, false),
    ] {
        let bench = Bench::new().await;
        let (order, number) = paid_by_card(&bench).await;
        if captured {
            a_day_passes(&bench);
        }
        let amount = if whole { 1990 } else { 700 };
        let refund = bench.approved(order, RefundAmount::Amount(twd(amount))).await;
        let fault = json!({"kind": "action_unanswered", "acted": acted, "hold_ms": 1});
        bench.ecpay_fails(fault).await;
        let worker = RefundWorker::new(checkout(&bench));
        assert!(worker.run_due().await.unwrap());
        let waits = bench.refund(refund.id).await;
        assert_eq!((waits.status, waits.unclear), (RefundStatus::Processing, true));
        bench.minutes_pass(11);
        assert!(worker.run_due().await.unwrap());
        let done = bench.refund(refund.id).await;
        assert_eq!(done.status, RefundStatus::Succeeded, "{done:?}");
        let (state, _, refunded) = money(&bench, &number).await;
        if captured {
            assert_eq!(refunded, amount, "{whole} {acted}");
        } else {
            assert_eq!((state.as_str(), refunded), ("abandoned", 0));
        }
        bench.assert_books_are_right().await;
    }
}

#[tokio::test]
async fn money_given_back_behind_our_back_stops_the_next_refund() {
    let bench = Bench::new().await;
    let (order, number) = paid_by_card(&bench).await;
    a_day_passes(&bench);
    let behind = bench.approved(order, RefundAmount::Amount(twd(300))).await;
    let worker = RefundWorker::new(checkout(&bench));
    assert!(worker.run_due().await.unwrap());
    // Our books lose sight of it, as if somebody had done it in ECPay's own back office.
    let mut conn = bench.test.owner().acquire().await.unwrap();
    sqlx::raw_sql(
        "DELETE FROM payments.refund_transitions; DELETE FROM payments.refunds;
         UPDATE payments.attempts SET status = 'succeeded', refunded = 0;",
    )
    .execute(&mut *conn)
    .await
    .unwrap();
    drop(conn);
    let refund = bench.approved(order, RefundAmount::Amount(twd(300))).await;
    assert_ne!(refund.id, behind.id);
    assert!(worker.run_due().await.unwrap());
    let failed = bench.refund(refund.id).await;
    assert_eq!(failed.status, RefundStatus::Failed);
    assert!(failed.failure.unwrap().contains("ECPay has given back 300"));
    let (_, _, refunded) = money(&bench, &number).await;
    assert_eq!(refunded, 300);
    let kinds: Vec<_> = bench.open_tasks().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["refund_failed"]);
}

#[tokio::test]
async fn a_refusal_is_tried_again_when_somebody_has_seen_to_it() {
    let bench = Bench::new().await;
    let (order, number) = paid_by_card(&bench).await;
    a_day_passes(&bench);
    let refund = bench.approved(order, RefundAmount::Whole).await;
    bench.ecpay_fails(json!({"kind": "action_refused"})).await;
    let worker = RefundWorker::new(checkout(&bench));
    assert!(worker.run_due().await.unwrap());
    let failed = bench.refund(refund.id).await;
    assert_eq!(failed.status, RefundStatus::Failed);
    assert!(failed.failure.unwrap().contains("餘額不足"));
    bench.rule(refund.id, Decision::Retry).await.unwrap();
    assert!(worker.run_due().await.unwrap());
    assert_eq!(bench.refund(refund.id).await.status, RefundStatus::Succeeded);
    assert_eq!(money(&bench, &number).await.2, 1990);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_was_paid_at_a_machine_goes_back_by_hand() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (number, _) = bench.at_ecpay(order, "ecpay_atm").await;
    bench.ecpay_fails(json!({"kind": "silence"})).await;
    bench.ecpay_does(&number, "issue", json!({})).await;
    bench.ecpay_does(&number, "pay", json!({})).await;
    bench.minutes_pass(10);
    bench.checkout.poll_round().await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    let refund = bench.approved(order, RefundAmount::Whole).await;
    let worker = RefundWorker::new(checkout(&bench));
    assert!(worker.run_due().await.unwrap());
    assert!(bench.refund(refund.id).await.by_hand);
    let confirmed = Decision::Confirm { reference: "T-1".into() };
    bench.rule(refund.id, confirmed).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::Refunded);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn ecpays_files_agree_with_our_books_and_planted_differences_are_found() {
    let bench = Bench::new().await;
    let (first, one) = paid_by_card(&bench).await;
    let (second, _) = paid_by_card(&bench).await;
    let (_, three) = paid_by_card(&bench).await;
    let worker = RefundWorker::new(checkout(&bench));
    bench.approved(first, RefundAmount::Amount(twd(500))).await;
    bench.approved(second, RefundAmount::Whole).await;
    for _ in 0..2 {
        assert!(worker.run_due().await.unwrap());
    }
    a_day_passes(&bench);
    let statements: Arc<dyn Statements> = Arc::new(provider(&bench));
    let reconciler = Reconciler::new(checkout(&bench), statements);
    let compare = async || {
        let report = reconciler.reconcile(date(2026, 6, 1), true).await.unwrap().unwrap();
        assert_eq!(report.status, ReconciliationStatus::Done, "{report:?}");
        let told = report.differences.into_iter();
        told.map(|it| (it.kind.as_str(), it.merchant_trade_no)).collect::<Vec<_>>()
    };
    assert_eq!(compare().await, []);
    // Who is asked says the same as our books: a missing row is no difference.
    let missing = json!({"kind": "row_missing", "file": "trades", "merchant_trade_no": three});
    bench.ecpay_fails(missing.clone()).await;
    assert_eq!(compare().await, []);
    bench.ecpay_fails(missing).await;
    let forgotten = json!({
        "kind": "query_says", "merchant_trade_no": three, "trade_status": 10_200_047,
    });
    bench.ecpay_fails(forgotten).await;
    assert_eq!(compare().await, [("missing_at_theirs", three)]);
    let other = json!({
        "kind": "row_amount", "file": "trades", "merchant_trade_no": one, "amount": 1991,
    });
    bench.ecpay_fails(other).await;
    let extra = json!({
        "kind": "row_extra", "file": "trades", "merchant_trade_no": "SIMEXTRA1", "amount": 77,
    });
    bench.ecpay_fails(extra).await;
    assert_eq!(compare().await, [("missing_at_ours", "SIMEXTRA1".to_owned()), ("amount", one)]);
    assert_eq!(bench.open_tasks().await.len(), 2, "what no longer differs is nobody's task");
    bench.assert_books_are_right().await;
}
