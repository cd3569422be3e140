//! Money goes back: what may be asked for, what is decided, and what becomes of it in every order of
//! events. Every test ends with an audit.

mod pay_back;

use checkout::{CheckoutError, RefundAmount, refunds::Decision};
use futures::future::join_all;
use kernel::{Actor, Quantity};
use orders::OrderStatus;
use payments::{
    ProviderError, RefundAnswer,
    refunds::{RefundError, RefundStatus, RequestKey},
};
use uuid::Uuid;

use crate::{
    bench::Bench,
    desk::{Answer, Desk, staff, twd},
};

const DONE: Answer = Ok(RefundAnswer::Done);

fn unclear() -> Answer {
    Err(ProviderError::Unclear("the line went dead".into()))
}

fn not_sent() -> Answer {
    Err(ProviderError::NotSent("no route".into()))
}

fn confirmed() -> Decision {
    Decision::Confirm { reference: "T-1".into() }
}

/// What is left that could not be asked back, if that was the reason.
fn left<T: std::fmt::Debug>(refused: Result<T, CheckoutError>) -> i64 {
    match refused {
        Err(CheckoutError::Refund(RefundError::TooMuch { left, .. })) => left.amount(),
        other => panic!("{other:?}"),
    }
}

fn is_no_move<T>(refused: &Result<T, CheckoutError>) -> bool {
    matches!(
        refused,
        Err(CheckoutError::Refund(RefundError::InvalidMove(_))
            | CheckoutError::InvalidTransition(_))
    )
}

#[tokio::test]
async fn a_buyer_gets_all_of_it_back_before_anything_is_shipped() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let order = bench.paid(3).await;
    let refund = bench.ask_back(order, RefundAmount::Whole, Actor::Guest).await.unwrap();
    assert_eq!((refund.amount, refund.status), (twd(3 * 1990), RefundStatus::Requested));
    assert_eq!(bench.load(order).await.status, OrderStatus::RefundRequested);
    assert_eq!(bench.stock(tote, taipei).await.sold, 3, "nobody has decided");

    bench.rule(refund.id, Decision::Approve).await.unwrap();
    let stock = bench.stock(tote, taipei).await;
    assert_eq!((stock.available, stock.sold, stock.total), (100, 0, 100));

    let desk = Desk::new(&bench);
    desk.answers([DONE]);
    let worker = bench.worker(&desk);
    assert!(worker.run_due().await.unwrap());
    assert!(!worker.run_due().await.unwrap());
    let asked = desk.asked();
    assert_eq!((asked.len(), asked[0].id, asked[0].amount), (1, refund.id, twd(5970)));
    assert!(asked[0].whole && !asked[0].again);
    assert_eq!(bench.steps(refund.id).await, ["requested", "approved", "processing", "succeeded"]);
    assert_eq!(bench.load(order).await.status, OrderStatus::Refunded);
    assert_eq!(bench.money(order).await, ("refunded".to_owned(), 5970));
    assert_eq!(
        bench.events(order).await[3..],
        ["refund.requested".to_owned(), "refund.succeeded".to_owned()]
    );
    assert_eq!(bench.stock(tote, taipei).await, stock);
    assert_eq!(left(bench.ask_back(order, RefundAmount::Whole, staff()).await), 0);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_rejected_request_puts_the_order_back_and_may_be_made_again() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    for _ in 0..2 {
        let refund = bench.ask_back(order, RefundAmount::Whole, Actor::Guest).await.unwrap();
        let again = bench.ask_back(order, RefundAmount::Whole, Actor::Guest).await;
        assert!(is_no_move(&again), "{again:?}");
        bench.rule(refund.id, Decision::Reject).await.unwrap();
        assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
        assert_eq!(bench.steps(refund.id).await, ["requested", "rejected"]);
        for decision in [Decision::Reject, Decision::Approve, Decision::Retry, confirmed()] {
            let refused = bench.rule(refund.id, decision).await;
            assert!(is_no_move(&refused), "{refused:?}");
        }
    }
    assert_eq!(bench.money(order).await, ("succeeded".to_owned(), 0));
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.sold, 1);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn never_more_than_was_paid_whatever_it_is_cut_into() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    let ask =
        async |amount| bench.ask_back(order, RefundAmount::Amount(twd(amount)), staff()).await;
    assert_eq!(left(ask(0).await), 1990);
    assert_eq!(left(ask(1991).await), 1990);
    let half = ask(995).await.unwrap();
    assert_eq!(left(ask(996).await), 995);
    let other = ask(995).await.unwrap();
    assert_eq!(left(ask(1).await), 0);
    // What was asked for but rejected may be asked for again.
    bench.rule(half.id, Decision::Reject).await.unwrap();
    assert_eq!(left(ask(996).await), 995);
    let third = ask(995).await.unwrap();
    for refund in [other.id, third.id] {
        bench.rule(refund, Decision::Approve).await.unwrap();
    }
    let desk = Desk::new(&bench);
    desk.answers([DONE, DONE]);
    let worker = bench.worker(&desk);
    assert!(worker.run_due().await.unwrap());
    assert_eq!(bench.money(order).await, ("partially_refunded".to_owned(), 995));
    assert!(worker.run_due().await.unwrap());
    assert_eq!(bench.money(order).await, ("refunded".to_owned(), 1990));
    let already: Vec<_> = desk.asked().iter().map(|it| (it.already, it.whole)).collect();
    assert_eq!(already, [(twd(0), false), (twd(995), false)]);
    bench.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halves_that_are_asked_for_at_once_are_two() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    let asks = (0..8).map(|_| bench.ask_back(order, RefundAmount::Amount(twd(995)), staff()));
    let (granted, refused): (Vec<_>, Vec<_>) =
        join_all(asks).await.into_iter().partition(Result::is_ok);
    assert_eq!(granted.len(), 2);
    for error in refused {
        assert_eq!(left(error), 0);
    }
    let sum = "SELECT sum(amount)::bigint FROM payments.refunds";
    assert_eq!(bench.count(sum).await, 1990);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn units_of_lines_are_given_back_once_and_shipping_is_not() {
    let bench = Bench::new().await;
    let (mug, black) = (bench.shop.mug_white, bench.shop.mug_black);
    let order = bench.place(&[(mug, 2), (black, 1)]).await.order.id;
    bench.pay(order).await;
    assert_eq!(bench.load(order).await.total, twd(2 * 390 + 420));
    let units = |lines: &[(i16, i64)]| {
        let lines = lines.iter().map(|(line, units)| (*line, Quantity::new(*units).unwrap()));
        RefundAmount::Lines(lines.collect())
    };
    let one = bench.ask_back(order, units(&[(1, 1)]), staff()).await.unwrap();
    assert_eq!((one.amount, one.lines.len()), (twd(390), 1));
    for (asked, index, left) in [
        (units(&[(1, 2)]), 0, 1),
        (units(&[(2, 1), (3, 1)]), 1, 0),
        (units(&[(1, 1), (1, 1)]), 1, 0),
    ] {
        let refused = bench.ask_back(order, asked, staff()).await;
        let Err(CheckoutError::TooManyUnits(it)) = refused else { panic!("{refused:?}") };
        assert_eq!((it.index, it.left), (index, left));
    }
    bench.rule(one.id, Decision::Reject).await.unwrap();
    let both = bench.ask_back(order, units(&[(1, 2), (2, 1)]), staff()).await.unwrap();
    assert_eq!(both.amount, twd(2 * 390 + 420));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn buyers_ask_for_the_whole_and_only_while_it_is_there() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let unpaid = bench.ask_back(order, RefundAmount::Whole, Actor::Guest).await;
    assert!(is_no_move(&unpaid), "{unpaid:?}");
    let unpaid = bench.ask_back(order, RefundAmount::Whole, staff()).await;
    assert!(matches!(unpaid, Err(CheckoutError::NothingPaid)), "{unpaid:?}");
    bench.pay(order).await;
    let part = bench.ask_back(order, RefundAmount::Amount(twd(1)), Actor::Guest).await;
    assert!(matches!(part, Err(CheckoutError::OnlyWhole)), "{part:?}");
    assert_eq!(bench.count("SELECT count(*) FROM payments.refunds").await, 0);
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn the_same_key_is_the_same_request() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    let key = RequestKey { key: Uuid::from_u128(7), fingerprint: [1; 32] };
    let ask = || bench.ask_back_with(order, RefundAmount::Whole, Actor::Guest, key);
    let answers = join_all((0..4).map(|_| ask())).await;
    let first = answers[0].as_ref().unwrap();
    for answer in &answers {
        assert_eq!(answer.as_ref().unwrap(), first);
    }
    let other = RequestKey { fingerprint: [2; 32], ..key };
    let reused = bench.ask_back_with(order, RefundAmount::Whole, Actor::Guest, other).await;
    assert!(matches!(reused, Err(CheckoutError::KeyReused)), "{reused:?}");
    assert_eq!(bench.count("SELECT count(*) FROM payments.refunds").await, 1);
    // Also when it is decided by then.
    bench.rule(first.id, Decision::Reject).await.unwrap();
    assert_eq!(ask().await.unwrap().status, RefundStatus::Rejected);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn money_that_came_twice_goes_back_without_anybody_asking() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (one, amount) = bench.begin(order).await;
    let (two, _) = bench.begin(order).await;
    bench.deliver(&bench.notice(&one, amount, "1", "0")).await;
    bench.deliver(&bench.notice(&two, amount, "1", "0")).await;
    let desk = Desk::new(&bench);
    desk.answers([DONE]);
    let worker = bench.worker(&desk);
    assert!(worker.run_due().await.unwrap());
    assert!(!worker.run_due().await.unwrap());
    let order = bench.load(order).await;
    assert_eq!(order.status, OrderStatus::Paid, "it keeps its own money");
    assert_eq!(bench.money(order.id).await, ("succeeded".to_owned(), 0));
    let back = "SELECT refunded FROM payments.attempts WHERE NOT kept AND status = 'refunded'";
    assert_eq!(bench.count(back).await, 1990);
    bench.assert_books_are_right().await;
}

/// During a rolling deployment the previous version still writes what it knows.
#[tokio::test]
async fn what_the_previous_version_requested_is_adopted() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (one, amount) = bench.begin(order).await;
    let (two, _) = bench.begin(order).await;
    bench.deliver(&bench.notice(&one, amount, "1", "0")).await;
    bench.deliver(&bench.notice(&two, amount, "1", "0")).await;
    let mut conn = bench.test.owner().acquire().await.unwrap();
    sqlx::raw_sql(
        "CREATE TEMPORARY TABLE old AS SELECT shard, id, payment_id, order_id, amount, currency
              , reason, created_at FROM payments.refunds;
         DELETE FROM payments.refund_transitions;
         DELETE FROM payments.refunds;
         INSERT INTO payments.refunds (shard, id, payment_id, order_id, amount, currency, status
              , reason, created_at, updated_at)
         SELECT shard, id, payment_id, order_id, amount, currency, 'requested', reason, created_at
              , created_at FROM old",
    )
    .execute(&mut *conn)
    .await
    .unwrap();
    drop(conn);
    let desk = Desk::new(&bench);
    desk.answers([DONE]);
    let worker = bench.worker(&desk);
    assert!(worker.run_due().await.unwrap());
    assert!(worker.run_due().await.unwrap());
    assert!(!worker.run_due().await.unwrap());
    let gone = "SELECT count(*) FROM payments.refunds WHERE status = 'succeeded' AND automatic";
    assert_eq!(bench.count(gone).await, 1);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_stocktake_holds_up_neither_the_approval_nor_the_money() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    let freeze = async |by: Option<u128>| {
        let mut conn = bench.test.owner().acquire().await.unwrap();
        sqlx::query("UPDATE inventory.stock SET frozen_by = $1 WHERE variant_id = $2")
            .bind(by.map(Uuid::from_u128))
            .bind(bench.shop.tote_large.as_uuid())
            .execute(&mut *conn)
            .await
            .unwrap();
    };
    let refund = bench.ask_back(order, RefundAmount::Whole, Actor::Guest).await.unwrap();
    freeze(Some(1)).await;
    // What was sold and never left is on sale again: the total that is being counted stays the same.
    bench.rule(refund.id, Decision::Approve).await.unwrap();
    let desk = Desk::new(&bench);
    desk.answers([DONE]);
    assert!(bench.worker(&desk).run_due().await.unwrap());
    assert_eq!(bench.load(order).await.status, OrderStatus::Refunded);
    freeze(None).await;
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn who_saw_another_version_decides_nothing() {
    let bench = Bench::new().await;
    let order = bench.paid(1).await;
    let refund = bench.ask_back(order, RefundAmount::Whole, Actor::Guest).await.unwrap();
    let ruling = checkout::refunds::Ruling {
        decision: Decision::Approve,
        seen: Some(refund.version + 1),
        actor: staff(),
        reason: None,
    };
    let mut tx = bench.test.db().begin().await.unwrap();
    let refused = bench.checkout.decide_refund(&mut tx, refund.id, &ruling).await;
    let Err(CheckoutError::Refund(RefundError::VersionConflict(now))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(now, refund.version);
    tx.rollback().await.unwrap();
    assert_eq!(bench.refund(refund.id).await, refund);
}

/// An order waits only as long as all of its money is asked for, and ends with the last of it.
#[tokio::test]
async fn two_halves_end_an_order_and_one_of_them_rejected_brings_it_back() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let half = || RefundAmount::Amount(twd(995));
    for rejected in [false, true] {
        let order = bench.paid(1).await;
        let sold = bench.stock(tote, taipei).await.sold;
        let first = bench.ask_back(order, half(), staff()).await.unwrap();
        assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
        let second = bench.ask_back(order, half(), staff()).await.unwrap();
        assert_eq!(bench.load(order).await.status, OrderStatus::RefundRequested);
        bench.rule(second.id, Decision::Approve).await.unwrap();
        assert_eq!(bench.stock(tote, taipei).await.sold, sold, "half is undecided");
        let desk = Desk::new(&bench);
        desk.answers([DONE, DONE]);
        let worker = bench.worker(&desk);
        assert!(worker.run_due().await.unwrap());
        assert_eq!(bench.load(order).await.status, OrderStatus::RefundRequested);
        if rejected {
            bench.rule(first.id, Decision::Reject).await.unwrap();
            assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
            assert_eq!(bench.stock(tote, taipei).await.sold, sold);
            assert_eq!(bench.money(order).await, ("partially_refunded".to_owned(), 995));
        } else {
            bench.rule(first.id, Decision::Approve).await.unwrap();
            assert_eq!(bench.stock(tote, taipei).await.sold, sold - 1);
            assert!(worker.run_due().await.unwrap());
            assert_eq!(bench.load(order).await.status, OrderStatus::Refunded);
            assert_eq!(bench.money(order).await, ("refunded".to_owned(), 1990));
        }
        bench.assert_books_are_right().await;
    }
}
