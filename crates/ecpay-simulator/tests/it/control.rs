//! The control address where it is not about faults.

use serde_json::json;

use crate::{NOW, World};

#[tokio::test]
async fn orders_are_made_without_a_shop() {
    let world = World::new().await;
    let (status, trade) = world.control("/simulator/trades", None).await;
    assert_eq!((status, &trade["amount"]), (201, &json!(100)));
    assert_eq!(trade["methods"].as_array().unwrap().len(), 7);
    assert!(world.get(trade["pay_page"].as_str().unwrap()).await.has("sim-pay"));
    for (bad, status) in [
        (json!({ "amount": 1, "method": "ATM" }), 422),
        (json!({ "method": "Cheque" }), 422),
        (json!({ "amount": "1" }), 400),
        (json!({ "nonsense": 1 }), 400),
    ] {
        let (answered, answer) = world.control("/simulator/trades", Some(bad)).await;
        assert_eq!(answered, status, "{answer}");
    }
    let all = world.get("/simulator/trades").await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    world.close().await;
}

#[tokio::test]
async fn codes_are_issued_once_and_expire() {
    let world = World::new().await;
    let asked = json!({
        "merchant_trade_no": "X1", "method": "CVS", "fields": { "StoreExpireDate": "90" }
    });
    world.control("/simulator/trades", Some(asked)).await;
    let (status, trade) = world.control("/simulator/trades/X1/issue", None).await;
    assert_eq!((status, &trade["status"]), (200, &json!("code_issued")));
    assert_eq!(trade["code_expires_at"], json!("2026-01-02T05:30:00Z"));
    let (_, again) = world.control("/simulator/trades/X1/issue", None).await;
    assert_eq!(again["code"], trade["code"]);
    let wrong = json!({ "method": "ATM" });
    let (status, _) = world.control("/simulator/trades/X1/issue", Some(wrong)).await;
    assert_eq!(status, 409);
    world.advance(5401).await;
    let (status, answer) = world.control("/simulator/trades/X1/pay", None).await;
    assert_eq!((status, answer), (409, json!({ "error": "the payment code has expired" })));
    assert_eq!(world.trade("X1").await["status"], json!("code_issued"));
    world.close().await;
}

#[tokio::test]
async fn time_only_goes_forward() {
    let world = World::new().await;
    for bad in [json!({ "advance_seconds": -1 }), json!({ "advance_seconds": 400_000_000 })] {
        assert_eq!(world.control("/simulator/clock", Some(bad)).await.0, 422);
    }
    assert_eq!(world.control("/simulator/clock", Some(json!({}))).await.0, 400);
    let (_, clock) =
        world.control("/simulator/clock", Some(json!({ "advance_seconds": 60 }))).await;
    assert_eq!(clock, json!({ "now": "2026-01-02T04:01:00Z", "ahead_seconds": 60 }));
    world.close().await;
}

#[tokio::test]
async fn calls_of_shops_are_noted() {
    let world = World::new().await;
    for number in ["Y1", "Y2"] {
        world.ask("/Cashier/QueryTradeInfo/V5", &[("MerchantTradeNo", number)]).await;
    }
    let calls = world.get("/simulator/calls").await.json();
    assert_eq!(calls["items"].as_array().unwrap().len(), 2);
    let calls = world.browser.get(world.url("/simulator/calls?merchant_trade_no=Y2"));
    let calls: serde_json::Value = calls.send().await.unwrap().json().await.unwrap();
    let expected = json!({ "items": [{
        "at": NOW, "path": "/Cashier/QueryTradeInfo/V5", "merchant_trade_no": "Y2"
    }] });
    assert_eq!(calls, expected);
    world.close().await;
}

#[tokio::test]
async fn a_reset_forgets_everything_but_the_time() {
    let mut world = World::new().await;
    world.advance(60).await;
    world.card_order("Z1").await;
    world.fault(json!({ "kind": "late", "delay_ms": 100 })).await;
    world.pay("Z1").await;
    world.fault(json!({ "kind": "silence" })).await;
    world.reset().await;
    world.shop.receives_nothing_for(std::time::Duration::from_millis(250)).await;
    for path in ["/simulator/trades", "/simulator/faults", "/simulator/calls"] {
        assert_eq!(world.get(path).await.json(), json!({ "items": [] }), "{path}");
    }
    assert_eq!(world.get("/simulator/clock").await.json()["ahead_seconds"], json!(60));
    world.card_order("Z1").await;
    world.close().await;
}
