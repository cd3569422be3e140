//! The function beside the engine, and beside itself.

use futures::future::join_all;
use intake::{PlaceError, Refusal, Settings};
use kernel::{Locale, Quantity, id::VariantId};
use serde_json::{Value, json};
use testkit::{TestDb, seed::Shop};
use uuid::Uuid;

use crate::{
    client::{Engine, Told, call, callers},
    form::{count, customer, shop},
    twins::to_engine,
    world::{Ask, World},
};

fn items(lines: &[(VariantId, u32)]) -> Value {
    lines
        .iter()
        .map(|(variant, quantity)| json!({"variant_id": variant, "quantity": quantity}))
        .collect()
}

/// An engine's request for these lines.
fn request(test: &TestDb, lines: &[(VariantId, u32)]) -> intake::PlaceOrder {
    let nothing = World { warehouses: Vec::new(), variants: Vec::new() };
    let ask = Ask {
        paying: "ecpay_credit",
        lines: Vec::new(),
        postal_code: "100",
        method: "home_delivery",
        account: None,
        email: "a@example.com",
        locale: Locale::ZhTw.tag(),
        note: None,
        address2: None,
    };
    let mut request = to_engine(&nothing, &ask, Uuid::from_bytes(test.ids().bytes()), 1);
    request.lines = lines
        .iter()
        .map(|(variant, quantity)| intake::RequestedLine {
            variant: *variant,
            quantity: Quantity::new(i64::from(*quantity)).unwrap(),
            unit_price: None,
        })
        .collect();
    request
}

async fn assert_sound(test: &TestDb) {
    let report = queries::audit::run(test.db()).await.unwrap();
    assert!(report.is_clean(), "{report}");
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(count(test, deadlocks).await, 0);
}

/// Refused because there is too little, for nothing else.
fn short(told: &Told) -> bool {
    matches!(told, Err((code, _)) if code == "INVENTORY_SHORTAGE")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_and_the_function_sell_the_last_units_between_them() {
    let test = TestDb::new().await;
    let Shop { tote_large, mug_white, .. } = shop(&test).await;
    let settings = Settings { batch: 5, batchers: 3, ..Settings::default() };
    let engine = Engine::start(&test, settings);
    // A hundred totes for 90 and 90 who want one; fifteen mugs in two places for all of them.
    let lines = |n: u32| {
        if n.is_multiple_of(3) {
            vec![(mug_white, 1), (tote_large, 1)]
        } else {
            vec![(tote_large, 1)]
        }
    };
    let by_engine = join_all((0..90).map(|n| engine.intake.place(request(&test, &lines(n)))));
    let (customer, callers) = (customer(), callers(&test));
    let by_function = join_all((0..90).map(async |n| {
        let mut lines = lines(n);
        lines.reverse();
        call(&callers, &customer, &items(&lines)).await
    }));
    let (by_engine, by_function) = tokio::join!(by_engine, by_function);
    engine.stop().await;

    let placed = by_engine.iter().filter(|told| told.is_ok()).count();
    let called = by_function.iter().filter(|told| told.is_ok()).count();
    // Neither can take all of them: sixty of its buyers want no mug, and there are fifteen mugs.
    assert!(placed >= 25 && called >= 25, "both were served: {placed} and {called}");
    assert_eq!(placed + called, 100);
    for told in by_engine.iter().filter(|told| told.is_err()) {
        assert!(matches!(told, Err(PlaceError::Refused(Refusal::Shortage(_)))), "{told:?}");
    }
    assert!(by_function.iter().all(|told| told.is_ok() || short(told)), "{by_function:?}");
    let left = "SELECT sum(available)::bigint FROM inventory.stock s
                  JOIN catalog.variants v ON v.id = variant_id WHERE v.sku = 'TOTE-L'";
    assert_eq!(count(&test, left).await, 0);
    assert_eq!(count(&test, "SELECT count(*) FROM orders.orders").await, 100);
    assert_sound(&test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_over_the_same_rows_in_any_order_do_not_deadlock() {
    let test = TestDb::new().await;
    let shop = shop(&test).await;
    let variants = [shop.tote_large, shop.mug_white, shop.mug_black];
    let (customer, callers) = (customer(), callers(&test));
    let told = join_all((0..200_usize).map(async |n| {
        let lines =
            [0, 1, 2].map(|place| (variants[(n * (1 + n % 2) + place * (1 + n / 3 % 2)) % 3], 1));
        call(&callers, &customer, &items(&lines)).await
    }))
    .await;
    assert!(told.iter().all(|told| told.is_ok() || short(told)), "{told:?}");
    assert!(told.iter().any(Result::is_ok));
    assert_sound(&test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_at_the_same_moment_is_one_order() {
    let test = TestDb::new().await;
    let shop = shop(&test).await;
    let (mut customer, callers) = (customer(), callers(&test));
    for round in 0..10 {
        customer["idempotency_key"] = json!(format!("round-{round}"));
        let same = items(&[(shop.tote_large, 2)]);
        let other = items(&[(shop.tote_large, 3)]);
        let told = join_all(
            (0..8).map(|n| call(&callers, &customer, if n % 4 == 3 { &other } else { &same })),
        )
        .await;
        let placed: Vec<&Value> = told.iter().filter_map(|told| told.as_ref().ok()).collect();
        assert!(placed.iter().all(|answer| *answer == placed[0]), "{told:?}");
        let refused = told.iter().filter_map(|told| told.as_ref().err());
        assert!(refused.clone().all(|(code, _)| code == "IDEMPOTENCY_KEY_REUSED"), "{told:?}");
        assert!([(6, 2), (2, 6)].contains(&(placed.len(), refused.count())), "{told:?}");
        assert_eq!(count(&test, "SELECT count(*) FROM orders.orders").await, round + 1);
    }
    assert_sound(&test).await;
}

/// The limit holds against one buyer who asks many times at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buyer_gets_no_more_than_the_limit_whoever_is_asked() {
    let test = TestDb::new().await;
    let shop = shop(&test).await;
    crate::form::owner(
        &test,
        "UPDATE catalog.variants SET purchase_limit = 5 WHERE sku = 'TOTE-L'",
    )
    .await;
    let engine = Engine::start(&test, Settings { batch: 2, ..Settings::default() });
    let lines = [(shop.tote_large, 2)];
    let by_engine = join_all((0..10).map(|_| engine.intake.place(request(&test, &lines))));
    let (customer, wanted, callers) = (customer(), items(&lines), callers(&test));
    let by_function = join_all((0..10).map(|_| call(&callers, &customer, &wanted)));
    let (by_engine, by_function) = tokio::join!(by_engine, by_function);
    engine.stop().await;
    let placed = by_engine.iter().filter(|told| told.is_ok()).count()
        + by_function.iter().filter(|told| told.is_ok()).count();
    assert_eq!(placed, 2);
    assert_eq!(count(&test, "SELECT sum(quantity)::bigint FROM orders.purchases").await, 4);
    assert_sound(&test).await;
}
