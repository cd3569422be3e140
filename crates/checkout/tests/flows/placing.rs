use std::collections::HashSet;

use intake::{PlaceError, Refusal};
use kernel::Money;
use orders::OrderStatus;
use pricing::CouponRefusal;
use uuid::Uuid;

use crate::bench::{Bench, quick};

#[tokio::test]
async fn an_order_holds_its_stock_and_tells_where_from() {
    let bench = Bench::new().await;
    let shop = bench.shop;
    let placed = bench.place(&[(shop.mug_white, 2), (shop.mug_black, 1)]).await;

    assert_eq!(placed.order.status, OrderStatus::PendingPayment);
    assert_eq!(placed.order.subtotal, Money::twd(2 * 390 + 420).unwrap());
    assert_eq!(placed.order.shipping_fee, Money::ZERO);
    assert_eq!(placed.order.id.shard(), shop.mug_white.shard());
    let taken: Vec<_> = placed
        .deductions
        .iter()
        .map(|d| (&*d.sku, d.quantity, d.available_before, d.available_after))
        .collect();
    assert_eq!(taken, [("MUG-WHITE", 2, 10, 8), ("MUG-BLACK", 1, 1, 0)]);
    let stock = bench.stock(shop.mug_white, shop.taipei).await;
    assert_eq!((stock.total, stock.available, stock.reserved, stock.sold), (10, 8, 2, 0));
    assert_eq!(bench.events(placed.order.id).await, ["order.created"]);
    assert_eq!(bench.load(placed.order.id).await, placed.order);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_line_from_two_warehouses_is_told_the_same_again() {
    let bench = Bench::new().await;
    let mug = bench.shop.mug_white;
    bench.place(&[(mug, 7)]).await;
    // The nearest warehouse has less than the other one, and gives first.
    let request = bench.order(&[(mug, 6)]);
    let first = bench.intake.place(request.clone()).await.unwrap();
    let again = bench.intake.place(request).await.unwrap();
    let told: Vec<_> = first.deductions.iter().map(|d| (d.available_before, d.quantity)).collect();
    assert_eq!(told, [(5, 3), (3, 3)]);
    assert!(again.replayed);
    assert_eq!(again.deductions, first.deductions);
}

#[tokio::test]
async fn the_same_key_fifty_times_at_once_makes_one_order() {
    let mut bench = Bench::new().await;
    let request = bench.order(&[(bench.shop.mug_white, 1)]);
    let answers = bench.place_all(vec![request.clone(); 50]).await;
    let first = answers[0].clone().unwrap();
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(answer.order, first.order);
        assert_eq!(answer.deductions, first.deductions);
        assert_eq!(answer.faces, first.faces);
    }
    assert_eq!(bench.count("SELECT count(*) FROM orders.orders").await, 1);

    // Also after a restart, and after the order has moved on.
    bench.pay(first.order.id).await;
    bench.restart().await;
    let again = bench.intake.place(request).await.unwrap();
    assert!(again.replayed);
    assert_eq!((&again.order, &again.deductions), (&first.order, &first.deductions));
    assert_eq!(bench.stock(bench.shop.mug_white, bench.shop.taipei).await.sold, 1);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_key_is_good_for_one_request_only() {
    let bench = Bench::new().await;
    let first = bench.order(&[(bench.shop.mug_white, 1)]);
    bench.intake.place(first.clone()).await.unwrap();
    // Another body, whose first variant lies on another shard.
    let mut other = bench.order(&[(bench.shop.mug_black, 1)]);
    (other.key, other.fingerprint) = (first.key, [8; 32]);
    let refused = bench.intake.place(other.clone()).await;
    assert_eq!(refused, Err(PlaceError::Refused(Refusal::KeyReused)));
    // In one batch, too.
    let mut twins = [bench.order(&[(bench.shop.mug_white, 1)]), other];
    twins[1].key = twins[0].key;
    let answers = bench.place_all(twins).await;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(PlaceError::Refused(Refusal::KeyReused)));
    assert_eq!(bench.stock(bench.shop.mug_black, bench.shop.taipei).await.reserved, 0);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_refused_order_changes_nothing() {
    let bench = Bench::new().await;
    let shop = bench.shop;
    let with = |change: fn(&mut intake::PlaceOrder)| {
        let mut request = bench.order(&[(shop.mug_white, 1), (shop.tote_large, 1)]);
        change(&mut request);
        request
    };
    let unknown = Uuid::from_u128(1).into();
    let mut short = bench.order(&[(shop.mug_white, 1), (shop.mug_black, 2)]);
    short.note = Some("all or nothing".into());
    let refusals = [
        (short, "short"),
        (bench.order(&[(shop.mug_white, 1), (unknown, 1)]), "unknown"),
        (bench.order(&[(shop.tote_old, 1)]), "inactive"),
        (with(|r| r.shipping_method = "rocket".into()), "shipping"),
        (with(|r| r.coupon_code = Some("FREE".into())), "coupon"),
        (with(|r| r.lines[1].unit_price = Money::twd(1).ok()), "price"),
        (with(|r| r.expected_total = Money::twd(1).ok()), "total"),
    ];
    let mut seen = HashSet::new();
    for (request, name) in refusals {
        let Err(PlaceError::Refused(refusal)) = bench.intake.place(request).await else {
            panic!("{name} was not refused");
        };
        match (&refusal, name) {
            (Refusal::Shortage(lines), "short") => {
                let lines: Vec<_> =
                    lines.iter().map(|l| (l.index, l.requested, l.available)).collect();
                assert_eq!(lines, [(1, 2, 1)]);
            }
            (Refusal::VariantNotFound { index: 1 }, "unknown")
            | (Refusal::VariantNotFound { index: 0 }, "inactive")
            | (Refusal::UnknownShippingMethod, "shipping")
            | (Refusal::CouponInvalid(CouponRefusal::Unknown), "coupon") => {}
            (Refusal::PriceChanged { lines, total }, "price") => {
                assert_eq!((lines.len(), lines[0].index), (1, 1));
                assert_eq!(*total, Money::twd(390 + 1990).unwrap());
            }
            (Refusal::PriceChanged { lines, .. }, "total") => assert!(lines.is_empty()),
            other => panic!("{other:?}"),
        }
        seen.insert(name);
    }
    assert_eq!(seen.len(), 7);
    for table in [
        "SELECT count(*) FROM orders.orders",
        "SELECT count(*) FROM inventory.reservations",
        "SELECT count(*) FROM orders.idempotency_keys",
        "SELECT count(*) FROM outbox.events",
        "SELECT count(*) FROM inventory.movements WHERE kind <> 'receive'",
    ] {
        assert_eq!(bench.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_request_that_breaks_the_transaction_fails_alone() {
    let bench = Bench::new().await;
    let mut requests: Vec<_> =
        (0..40).map(|_| bench.order(&[(bench.shop.tote_large, 1)])).collect();
    // PostgreSQL refuses NUL in a text; the API would not have let it in.
    requests[17].note = Some("poison\0".into());
    let answers = bench.place_all(requests).await;
    for (place, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), place != 17, "request {place}: {answer:?}");
    }
    assert_eq!(answers[17], Err(PlaceError::Internal));
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.reserved, 39);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_a_stopping_one_still_answers() {
    let bench = Bench::with(intake::Settings { queue: 5, ..quick() }).await;
    let requests: Vec<_> = (0..50).map(|_| bench.order(&[(bench.shop.tote_large, 1)])).collect();
    let answers = bench.place_all(requests).await;
    let placed = answers.iter().filter(|a| a.is_ok()).count();
    let refused = answers.iter().filter(|a| **a == Err(PlaceError::QueueFull)).count();
    assert_eq!(placed + refused, 50);
    assert!(refused > 0 && placed >= 5, "{placed} placed, {refused} refused");
    let reserved = bench.stock(bench.shop.tote_large, bench.shop.taipei).await.reserved;
    assert_eq!(usize::try_from(reserved).unwrap(), placed);

    let request = bench.order(&[(bench.shop.tote_large, 1)]);
    let (answer, ()) = tokio::join!(bench.intake.place(request), bench.stop());
    assert!(answer.is_ok(), "what was let in is answered: {answer:?}");
    let late = bench.intake.place(bench.order(&[(bench.shop.tote_large, 1)])).await;
    assert_eq!(late, Err(PlaceError::Unavailable));
    bench.assert_books_are_right().await;
}
