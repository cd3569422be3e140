//! What becomes of a refund at the provider: every kind of silence, refusals, money by hand, many
//! nodes. Every test ends with an audit.

use std::time::Duration;

use checkout::{CheckoutError, RefundAmount, refunds::Decision};
use futures::future::join_all;
use orders::OrderStatus;
use payments::{
    ProviderError, RefundAnswer,
    refunds::{RefundAccount, RefundStatus},
};

use super::{DONE, confirmed, is_no_move, left, not_sent, unclear};
use crate::{
    bench::Bench,
    desk::{Desk, staff, twd},
};

/// What the provider may answer before it pays, and whether it is told that it may have heard before.
#[tokio::test]
async fn every_kind_of_silence_ends_in_money_that_went_back_once() {
    let throttled = || Err(ProviderError::Throttled { retry_after: Duration::from_mins(30) });
    for (first, again) in [
        (not_sent(), false),
        (unclear(), true),
        (throttled(), false),
        (Ok(RefundAnswer::Pending), true),
    ] {
        let bench = Bench::new().await;
        let order = bench.paid(1).await;
        let refund = bench.approved(order, RefundAmount::Whole).await;
        let desk = Desk::new(&bench);
        desk.answers([first.clone(), DONE]);
        let worker = bench.worker(&desk);
        assert!(worker.run_due().await.unwrap());
        let waits = bench.refund(refund.id).await;
        assert_eq!((waits.status, waits.unclear), (RefundStatus::Processing, again), "{first:?}");
        assert!(!worker.run_due().await.unwrap(), "not before its time: {first:?}");
        assert_eq!(bench.load(order).await.status, OrderStatus::RefundRequested);
        bench.minutes_pass(31);
        assert!(worker.run_due().await.unwrap());
        assert_eq!(desk.asked()[1].again, again, "{first:?}");
        assert_eq!(bench.load(order).await.status, OrderStatus::Refunded);
        assert_eq!(bench.money(order).await, ("refunded".to_owned(), 1990));
        assert_eq!(bench.open_tasks().await, []);
        bench.assert_books_are_right().await;
    }
}

#[tokio::test]
async fn what_may_have_been_heard_stays_unclear_through_later_silence() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    bench.approved(order, RefundAmount::Whole).await;
    let desk = Desk::new(&bench);
    desk.answers([unclear(), not_sent(), DONE]);
    let worker = bench.worker(&desk);
    for _ in 0..3 {
        assert!(worker.run_due().await.unwrap());
        bench.minutes_pass(60);
    }
    let again: Vec<bool> = desk.asked().iter().map(|it| it.again).collect();
    assert_eq!(again, [false, true, true]);
    assert_eq!(bench.load(order).await.status, OrderStatus::Refunded);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_node_that_dies_while_it_asks_is_taken_over_after_its_lease() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    let refund = bench.approved(order, RefundAmount::Whole).await;
    let desk = Desk::new(&bench);
    desk.answers([DONE, DONE]);
    let (one, other) = (bench.worker(&desk), bench.worker(&desk));
    let go_on = desk.hold();
    let slow = one.run_due();
    let rest = async {
        while desk.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(!other.run_due().await.unwrap(), "somebody is at it");
        bench.minutes_pass(11);
        assert!(other.run_due().await.unwrap());
        assert_eq!(bench.refund(refund.id).await.status, RefundStatus::Succeeded);
        // The first one was not dead after all; its answer comes too late.
        go_on.notify_one();
    };
    let (slow, ()) = tokio::join!(slow, rest);
    assert!(slow.unwrap());
    let again: Vec<bool> = desk.asked().iter().map(|it| it.again).collect();
    assert_eq!(again, [false, true], "who comes second asks what came of it");
    assert_eq!(bench.money(order).await, ("refunded".to_owned(), 1990));
    assert_eq!(bench.steps(refund.id).await.len(), 4);
    let told = bench.events(order).await.iter().filter(|it| *it == "refund.succeeded").count();
    assert_eq!(told, 1);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_refusal_becomes_a_task_and_can_be_tried_again() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    let refund = bench.approved(order, RefundAmount::Whole).await;
    let desk = Desk::new(&bench);
    let refused = RefundAnswer::Refused { code: 10_200_040, message: "餘額不足".into() };
    desk.answers([Ok(refused), DONE]);
    let worker = bench.worker(&desk);
    assert!(worker.run_due().await.unwrap());
    let failed = bench.refund(refund.id).await;
    assert_eq!((failed.status, failed.unclear), (RefundStatus::Failed, false));
    assert_eq!(failed.failure.as_deref(), Some("10200040 餘額不足"));
    assert_eq!(bench.load(order).await.status, OrderStatus::RefundRequested);
    let about = ("refund_failed".to_owned(), refund.id.to_string());
    assert_eq!(bench.open_tasks().await, [about]);
    bench.minutes_pass(24 * 60);
    assert!(!worker.run_due().await.unwrap(), "a refusal is for people");
    // Its money is still spoken for.
    assert_eq!(left(bench.ask_back(order, RefundAmount::Whole, staff()).await), 0);

    bench.rule(refund.id, Decision::Retry).await.unwrap();
    assert_eq!(bench.open_tasks().await, []);
    let again = bench.rule(refund.id, Decision::Retry).await;
    assert!(is_no_move(&again), "{again:?}");
    assert!(worker.run_due().await.unwrap());
    assert_eq!(bench.load(order).await.status, OrderStatus::Refunded);
    let told: Vec<_> =
        bench.events(order).await.into_iter().filter(|it| it.starts_with("refund.")).collect();
    assert_eq!(told, ["refund.requested", "refund.failed", "refund.succeeded"]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_the_provider_cannot_do_is_transferred_by_hand_and_confirmed_once() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    let refund = bench.approved(order, RefundAmount::Whole).await;
    let desk = Desk::new(&bench);
    desk.answers([Ok(RefundAnswer::ByHand { reason: "no interface".into() })]);
    let worker = bench.worker(&desk);
    assert!(worker.run_due().await.unwrap());
    let handed = bench.refund(refund.id).await;
    assert_eq!((handed.status, handed.by_hand), (RefundStatus::Processing, true));
    let about = ("bank_transfer_refund".to_owned(), refund.id.to_string());
    assert_eq!(bench.open_tasks().await, [about]);
    bench.minutes_pass(24 * 60);
    assert!(!worker.run_due().await.unwrap());

    // The buyer says where to; once.
    let account = |number: &str| RefundAccount {
        bank_code: "812".into(),
        number: number.into(),
        holder: "王小明".into(),
    };
    let say = async |number: &str| {
        let mut tx = bench.test.db().begin().await.unwrap();
        let to = (order, refund.id);
        let said = bench.checkout.refund_account(&mut tx, to, &account(number)).await;
        tx.commit().await.unwrap();
        said
    };
    say("20001234567").await.unwrap();
    let again = say("99999999999").await;
    assert!(matches!(again, Err(CheckoutError::AccountTaken)), "{again:?}");
    let known = bench.refund(refund.id).await.account.unwrap();
    assert_eq!(known.number, "20001234567");
    bench.rule(refund.id, Decision::Account(account("30001234567"))).await.unwrap();

    let done = bench.rule(refund.id, confirmed()).await.unwrap();
    assert_eq!((done.status, done.reference.as_deref()), (RefundStatus::Succeeded, Some("T-1")));
    let again = bench.rule(refund.id, confirmed()).await;
    assert!(is_no_move(&again), "{again:?}");
    let late = bench.rule(refund.id, Decision::Account(account("1"))).await;
    assert!(is_no_move(&late), "{late:?}");
    assert_eq!(bench.load(order).await.status, OrderStatus::Refunded);
    assert_eq!(bench.money(order).await, ("refunded".to_owned(), 1990));
    assert_eq!(bench.open_tasks().await, []);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn after_a_day_of_silence_people_look_into_it_and_may_pay_by_hand() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    let refund = bench.approved(order, RefundAmount::Whole).await;
    let desk = Desk::new(&bench);
    desk.answers((0..12).map(|_| unclear()));
    let worker = bench.worker(&desk);
    for _ in 0..12 {
        let hurried = bench.rule(refund.id, confirmed()).await;
        assert!(hurried.is_err(), "the provider may be paying it: {hurried:?}");
        assert!(worker.run_due().await.unwrap());
        bench.minutes_pass(6 * 60);
    }
    let failed = bench.refund(refund.id).await;
    assert_eq!((failed.status, failed.unclear), (RefundStatus::Failed, true));
    let about = ("provider_unreachable".to_owned(), refund.id.to_string());
    assert_eq!(bench.open_tasks().await, [about]);
    // Somebody has looked, and it was not paid.
    bench.rule(refund.id, confirmed()).await.unwrap();
    assert_eq!(bench.steps(refund.id).await[3..], ["failed", "processing", "succeeded"]);
    assert_eq!(bench.money(order).await, ("refunded".to_owned(), 1990));
    assert_eq!(bench.open_tasks().await, []);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn one_refund_of_a_payment_is_at_the_provider_at_a_time() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    let half = || RefundAmount::Amount(twd(900));
    let (first, second) =
        (bench.approved(order, half()).await, bench.approved(order, half()).await);
    let desk = Desk::new(&bench);
    desk.answers([Ok(RefundAnswer::Pending), DONE, DONE]);
    let worker = bench.worker(&desk);
    assert!(worker.run_due().await.unwrap());
    for _ in 0..3 {
        assert!(!worker.run_due().await.unwrap(), "the second one waits for the first");
    }
    bench.minutes_pass(16);
    assert!(worker.run_due().await.unwrap());
    assert!(worker.run_due().await.unwrap());
    let asked: Vec<_> = desk.asked().iter().map(|it| (it.id, it.already)).collect();
    assert_eq!(asked, [(first.id, twd(0)), (first.id, twd(0)), (second.id, twd(900))]);
    assert_eq!(bench.money(order).await, ("partially_refunded".to_owned(), 1800));
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    bench.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_nodes_pay_each_refund_once() {
    let bench = Bench::new().await;
    let mut orders = Vec::new();
    for _ in 0..6 {
        let order = bench.paid(1).await;
        bench.approved(order, RefundAmount::Whole).await;
        orders.push(order);
    }
    let desk = Desk::new(&bench);
    desk.answers((0..6).map(|_| DONE));
    let workers: Vec<_> = (0..4).map(|_| bench.worker(&desk)).collect();
    while desk.asked().len() < 6 {
        for done in join_all(workers.iter().map(checkout::RefundWorker::run_due)).await {
            done.unwrap();
        }
    }
    for order in orders {
        assert_eq!(bench.money(order).await, ("refunded".to_owned(), 1990));
    }
    let mut ids: Vec<_> = desk.asked().iter().map(|it| it.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    bench.assert_books_are_right().await;
}
