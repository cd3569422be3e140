//! Who asks too fast is sent away for half an hour.

use std::time::Duration;

use ecpay_simulator::{Config, RateLimit};
use serde_json::json;

use crate::{NOW, World};

async fn query(world: &World) -> u16 {
    let stamp = NOW.parse::<jiff::Timestamp>().expect("RFC 3339").as_second().to_string();
    let fields = [("MerchantTradeNo", "G1"), ("TimeStamp", stamp.as_str())];
    world.ask("/Cashier/QueryTradeInfo/V5", &fields).await.status
}

#[tokio::test]
async fn one_call_too_many() {
    let limit =
        RateLimit { calls: 3, per: Duration::from_mins(1), penalty: Duration::from_mins(30) };
    let world = World::with(Config { rate_limit: Some(limit), ..Config::default() }).await;
    for _ in 0..3 {
        assert_eq!(query(&world).await, 200);
    }
    assert_eq!(query(&world).await, 403);
    // Everything a server may call is shut; buyers still pay.
    let page = world.ask("/CreditDetail/DoAction", &[("Action", "N")]).await;
    assert_eq!(page.status, 403);
    world.card_order("G1").await;
    world.advance(30 * 60 - 1).await;
    assert_eq!(query(&world).await, 403, "asking again does not help");
    world.advance(1).await;
    assert_eq!(query(&world).await, 200);
    world.close().await;
}

#[tokio::test]
async fn slow_callers_are_never_sent_away() {
    let limit =
        RateLimit { calls: 2, per: Duration::from_mins(1), penalty: Duration::from_mins(30) };
    let world = World::with(Config { rate_limit: Some(limit), ..Config::default() }).await;
    for _ in 0..10 {
        assert_eq!(query(&world).await, 200);
        world.advance(30).await;
    }
    world.close().await;
}

#[tokio::test]
async fn it_can_be_shut_and_opened_on_demand() {
    let world = World::with(Config { rate_limit: None, ..Config::default() }).await;
    world.fault(json!({ "kind": "throttled" })).await;
    assert_eq!(query(&world).await, 403);
    assert_eq!(query(&world).await, 403);
    let url = world.url("/simulator/faults");
    assert_eq!(world.browser.delete(&url).send().await.unwrap().status(), 204);
    assert_eq!(query(&world).await, 200);
    world.close().await;
}
