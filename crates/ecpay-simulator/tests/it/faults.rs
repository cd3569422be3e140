//! What goes wrong on demand does so, as told and no more often.

use std::time::{Duration, Instant};

use ecpay::{NoticeError, Outcome};
use serde_json::json;

use crate::World;

const QUIET: Duration = Duration::from_millis(100);

/// An order that is paid under a fault.
async fn paid_under(world: &World, number: &str, fault: serde_json::Value) {
    world.fault(fault).await;
    world.card_order(number).await;
    world.pay(number).await;
}

#[tokio::test]
async fn late() {
    let mut world = World::new().await;
    let began = Instant::now();
    paid_under(&world, "F1", json!({ "kind": "late", "delay_ms": 300 })).await;
    assert_eq!(world.shop.receive().await.payment().outcome(), Outcome::Paid);
    assert!(began.elapsed() >= Duration::from_millis(300));

    // Once, unless told otherwise.
    world.card_order("F2").await;
    let began = Instant::now();
    world.pay("F2").await;
    world.shop.receive().await;
    assert!(began.elapsed() < Duration::from_millis(250));
    world.close().await;
}

#[tokio::test]
async fn duplicated() {
    let mut world = World::new().await;
    paid_under(&world, "F1", json!({ "kind": "duplicated", "copies": 4 })).await;
    let first = world.shop.receive().await;
    assert_eq!(first.payment().outcome(), Outcome::Paid);
    for _ in 1..4 {
        assert_eq!(world.shop.receive().await, first);
    }
    world.shop.receives_nothing_for(QUIET).await;
    world.close().await;
}

#[tokio::test]
async fn reordered() {
    let mut world = World::new().await;
    paid_under(&world, "F1", json!({ "kind": "reordered" })).await;
    world.shop.receives_nothing_for(QUIET).await;
    world.card_order("F2").await;
    world.pay("F2").await;
    let number =
        |received: &crate::shop::Received| received.payment().merchant_trade_no.to_string();
    assert_eq!(number(&world.shop.receive().await), "F2");
    assert_eq!(number(&world.shop.receive().await), "F1");

    // Without another one it comes in the end.
    paid_under(&world, "F3", json!({ "kind": "reordered", "hold_ms": 100 })).await;
    assert_eq!(number(&world.shop.receive().await), "F3");
    world.close().await;
}

#[tokio::test]
async fn failed_then_succeeded() {
    let mut world = World::new().await;
    paid_under(&world, "F1", json!({ "kind": "failed_then_succeeded" })).await;
    let (first, second) = (world.shop.receive().await, world.shop.receive().await);
    assert_eq!(first.payment().outcome(), Outcome::Failed { code: 10_100_058 });
    assert_eq!(second.payment().outcome(), Outcome::Paid);
    assert_eq!(first.payment().trade_no, second.payment().trade_no);
    world.shop.receives_nothing_for(QUIET).await;
    assert_eq!(world.trade("F1").await["status"], json!("paid"));
    world.close().await;
}

#[tokio::test]
async fn succeeded_then_failed_when_reordered_as_well() {
    let mut world = World::new().await;
    world.fault(json!({ "kind": "failed_then_succeeded" })).await;
    paid_under(&world, "F1", json!({ "kind": "reordered" })).await;
    let (first, second) = (world.shop.receive().await, world.shop.receive().await);
    assert_eq!(first.payment().outcome(), Outcome::Paid);
    assert_eq!(second.payment().outcome(), Outcome::Failed { code: 10_100_058 });
    world.close().await;
}

#[tokio::test]
async fn simulated() {
    let mut world = World::new().await;
    paid_under(&world, "F1", json!({ "kind": "simulated" })).await;
    let notice = world.shop.receive().await.payment();
    assert!(notice.simulated && notice.outcome() == Outcome::Paid);
    assert_eq!(world.trade("F1").await["status"], json!("created"));
    world.close().await;
}

#[tokio::test]
async fn wrong_amount_and_wrong_merchant_are_properly_signed() {
    let mut world = World::new().await;
    paid_under(&world, "F1", json!({ "kind": "wrong_amount" })).await;
    assert_eq!(world.shop.receive().await.payment().amount, 1989);
    paid_under(&world, "F2", json!({ "kind": "wrong_amount", "amount": 1 })).await;
    assert_eq!(world.shop.receive().await.payment().amount, 1);

    paid_under(&world, "F3", json!({ "kind": "wrong_merchant" })).await;
    let error = world.shop.receive().await.try_payment().unwrap_err();
    assert_eq!(error, NoticeError::WrongMerchant("2000132".into()));
    world.close().await;
}

#[tokio::test]
async fn forged() {
    let mut world = World::new().await;
    paid_under(&world, "F1", json!({ "kind": "forged_mac" })).await;
    let error = world.shop.receive().await.try_payment().unwrap_err();
    assert_eq!(error, NoticeError::BadSignature);
    world.close().await;
}

#[tokio::test]
async fn silence_until_asked_again() {
    let mut world = World::new().await;
    paid_under(&world, "F1", json!({ "kind": "silence" })).await;
    world.shop.receives_nothing_for(QUIET).await;
    let trade = world.trade("F1").await;
    assert_eq!(
        (&trade["status"], &trade["notices"][0]["state"]),
        (&json!("paid"), &json!("silenced"))
    );
    world.control("/simulator/trades/F1/redeliver", None).await;
    assert_eq!(world.shop.receive().await.payment().outcome(), Outcome::Paid);
    world.close().await;
}

#[tokio::test]
async fn faults_can_be_aimed_counted_listed_and_cleared() {
    let mut world = World::new().await;
    world.fault(json!({ "kind": "forged_mac", "merchant_trade_no": "F2", "times": 2 })).await;
    world.card_order("F1").await;
    world.pay("F1").await;
    assert!(world.shop.receive().await.try_payment().is_ok());
    world.card_order("F2").await;
    world.control("/simulator/trades/F2/pay", Some(json!({ "outcome": "failed" }))).await;
    assert!(world.shop.receive().await.try_payment().is_err());

    let url = world.url("/simulator/faults");
    let list = || async {
        let response = world.browser.get(&url).send().await.unwrap();
        response.json::<serde_json::Value>().await.unwrap()
    };
    assert_eq!(
        list().await,
        json!({ "items": [{ "kind": "forged_mac", "merchant_trade_no": "F2", "times": 1 }] })
    );
    assert_eq!(world.browser.delete(&url).send().await.unwrap().status(), 204);
    assert_eq!(list().await, json!({ "items": [] }));

    let bad = world
        .control("/simulator/faults", Some(json!({ "kind": "duplicated", "copies": 1 })))
        .await;
    assert_eq!(bad.0, 422);
    for odd in [
        json!({ "kind": "silence", "mechant_trade_no": "F1" }),
        json!({ "kind": "silence", "delay_ms": 1 }),
        json!({ "kind": "noise" }),
        json!("silence"),
    ] {
        let (status, answer) = world.control("/simulator/faults", Some(odd)).await;
        assert_eq!(status, 400, "{answer}");
    }
    assert_eq!(list().await, json!({ "items": [] }));
    world.close().await;
}

#[tokio::test]
async fn notices_of_codes_go_wrong_too() {
    let mut world = World::new().await;
    let info = world.shop.url("/info");
    let issue = async |number: &str| {
        let fields = json!({ "PaymentInfoURL": info });
        let asked = json!({ "merchant_trade_no": number, "method": "ATM", "fields": fields });
        world.control("/simulator/trades", Some(asked)).await;
        world.control(&format!("/simulator/trades/{number}/issue"), None).await;
    };
    for fault in [
        json!({ "kind": "forged_mac", "notice": "code", "merchant_trade_no": "K1" }),
        json!({ "kind": "wrong_amount", "notice": "code", "merchant_trade_no": "K2" }),
        json!({ "kind": "duplicated", "copies": 2, "notice": "code", "merchant_trade_no": "K2" }),
        json!({ "kind": "silence", "notice": "code", "merchant_trade_no": "K3" }),
        json!({ "kind": "silence" }),
    ] {
        world.fault(fault).await;
    }
    for number in ["K1", "K2", "K3"] {
        issue(number).await;
    }
    let mut received = Vec::new();
    for _ in 0..3 {
        received.push(world.shop.receive().await);
    }
    world.shop.receives_nothing_for(QUIET).await;
    let verified = |received: &crate::shop::Received| {
        ecpay::CodeNotice::verify(&received.body, &crate::merchant())
    };
    let forged = received.iter().filter(|one| verified(one).is_err()).count();
    assert_eq!(forged, 1);
    let amounts: Vec<u32> =
        received.iter().filter_map(|one| verified(one).ok()).map(|notice| notice.amount).collect();
    assert_eq!(amounts, [99, 99]);
    assert_eq!(world.trade("K3").await["notices"][0]["state"], json!("silenced"));
    world.close().await;
}
