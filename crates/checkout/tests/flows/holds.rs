//! Stock that is held and not paid for, when somebody tries to hold a lot of it.

use std::{collections::HashMap, sync::Arc};

use intake::{PlaceError, PlaceOrder, Refusal, Settings};
use kernel::{Actor, id::UserId};
use uuid::Uuid;

use crate::{
    bench::{Bench, quick},
    limits::{Answers, on_two_nodes_with},
};

const LIMIT: u32 = 5;

/// Small batches from several batchers, so that batches overlap.
fn crowded() -> Settings {
    Settings { batch: 4, batchers: 4, hold_limit: LIMIT, ..quick() }
}

/// A shop that has enough of everything.
async fn open(settings: Settings) -> Bench {
    let bench = Bench::with(settings).await;
    for variant in [bench.shop.tote_large, bench.shop.mug_white, bench.shop.mug_black] {
        bench.receive(variant, 100).await;
    }
    bench
}

async fn on_two_nodes(bench: &Bench, requests: Vec<PlaceOrder>) -> Answers {
    on_two_nodes_with(crowded(), bench, requests).await
}

/// An order of one unit, for this account or with these ways to be reached. Whoever orders, what
/// they order is not always the same, so that no stock row makes them take turns.
fn ask(
    bench: &Bench,
    number: usize,
    account: Option<u128>,
    email: &str,
    phone: &str,
) -> PlaceOrder {
    let variants = [bench.shop.tote_large, bench.shop.mug_white, bench.shop.mug_black];
    let mut request = bench.order(&[(variants[number % variants.len()], 1)]);
    let contact = Arc::make_mut(&mut request.contact);
    (contact.email, contact.phone) = (email.into(), phone.into());
    request.customer = account.map(|id| UserId::from(Uuid::from_u128(id)));
    request
}

fn placed(answers: &Answers) -> usize {
    answers.iter().filter(|answer| answer.is_ok()).count()
}

fn assert_refused(answers: &Answers) {
    for answer in answers {
        if let Err(error) = answer {
            let expected = Refusal::HoldLimit { open: LIMIT.into(), limit: LIMIT };
            assert_eq!(*error, PlaceError::Refused(expected));
        }
    }
}

const OPEN: &str = "SELECT count(*) FROM orders.orders WHERE status = 'pending_payment'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_at_once_leave_one_name_five_orders() {
    for name in ["an e-mail", "a telephone", "an account"] {
        let bench = open(crowded()).await;
        let requests = (0..60).map(|n| match name {
            "an e-mail" => ask(&bench, n, None, "a@example.com", &format!("09{n:08}")),
            "a telephone" => ask(&bench, n, None, &format!("{n}@example.com"), "0912-345-678"),
            _ => ask(&bench, n, Some(7), &format!("{n}@example.com"), &format!("09{n:08}")),
        });
        let answers = on_two_nodes(&bench, requests.collect()).await;
        assert_eq!(placed(&answers), 5, "{name}: {answers:?}");
        assert_refused(&answers);
        assert_eq!(bench.count(OPEN).await, 5);
        bench.assert_books_are_right().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_holds_too_much_is_in_nobodys_way() {
    let bench = open(crowded()).await;
    let hoarders = ["x@example.com", "y@example.com", "z@example.com"];
    let requests: Vec<_> = (0..90)
        .map(|n| {
            let guest = format!("{n}@example.com");
            let email = if n % 2 == 0 { hoarders[n / 2 % 3] } else { &guest };
            ask(&bench, n, None, email, &format!("09{n:08}"))
        })
        .collect();
    let emails: Vec<_> = requests.iter().map(|it| it.contact.email.clone()).collect();
    let answers = on_two_nodes(&bench, requests).await;
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for (email, answer) in emails.iter().zip(&answers) {
        *by_name.entry(email).or_default() += usize::from(answer.is_ok());
    }
    for (email, orders) in by_name {
        let expected = if hoarders.contains(&email) { 5 } else { 1 };
        assert_eq!(orders, expected, "{email}");
    }
    assert_refused(&answers);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn room_comes_back_when_an_order_is_paid_cancelled_or_over() {
    let bench = open(Settings { hold_limit: 1, ..quick() }).await;
    let again = async || {
        let request = ask(&bench, 0, None, "a@example.com", "0912345678");
        bench.intake.place(request).await.map(|placed| placed.order.id)
    };
    let full = |answer: Result<_, PlaceError>| match answer {
        Err(PlaceError::Refused(Refusal::HoldLimit { open: 1, limit: 1 })) => {}
        other => panic!("not refused: {other:?}"),
    };
    let paid = again().await.unwrap();
    full(again().await);
    bench.pay(paid).await;
    let cancelled = again().await.unwrap();
    full(again().await);
    bench.checkout.cancel(cancelled, Actor::Guest, None).await.unwrap();
    let over = again().await.unwrap();
    full(again().await);
    bench.minutes_pass(31);
    // As long as it holds its stock it counts.
    full(again().await);
    bench.end_due().await;
    assert_ne!(again().await.unwrap(), over);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_refusal_leaves_nothing_behind_and_the_same_key_may_be_used_again() {
    let bench = open(Settings { hold_limit: 1, ..quick() }).await;
    let first = ask(&bench, 0, None, "a@example.com", "0912345678");
    let order = bench.intake.place(first.clone()).await.unwrap().order.id;
    let before = bench.stock(bench.shop.mug_white, bench.shop.taipei).await;
    let second = ask(&bench, 1, None, "a@example.com", "0900000000");
    assert!(bench.intake.place(second.clone()).await.is_err());
    assert_eq!(bench.stock(bench.shop.mug_white, bench.shop.taipei).await, before);
    for sql in [
        "SELECT count(*) FROM orders.orders",
        "SELECT count(*) FROM orders.idempotency_keys",
        "SELECT count(DISTINCT subject) FROM outbox.events WHERE type = 'order.created'",
    ] {
        assert_eq!(bench.count(sql).await, 1, "{sql}");
    }
    // The same key again is the same order, and no second one.
    assert_eq!(bench.intake.place(first).await.unwrap().order.id, order);
    bench.pay(order).await;
    assert!(bench.intake.place(second).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_are_spared_are_not_counted_at_all() {
    let bench = open(crowded()).await;
    let request = |n| ask(&bench, n, None, "a@example.com", "0912345678");
    let spared = (0..20).map(|n| PlaceOrder { spared: true, ..request(n) });
    assert_eq!(placed(&on_two_nodes(&bench, spared.collect()).await), 20);
    let counted = "SELECT count(*) FROM orders.orders
                    WHERE hold_customer IS NOT NULL OR hold_phone IS NOT NULL";
    assert_eq!(bench.count(counted).await, 0);
    // What they ordered is in nobody's way either.
    assert_eq!(placed(&on_two_nodes(&bench, (0..20).map(request).collect()).await), 5);
    assert_eq!(bench.count(counted).await, 5);
    bench.assert_books_are_right().await;
}
