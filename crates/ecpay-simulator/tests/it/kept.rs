//! What outlives a restart, and what the clock does to what waits.

use std::time::Duration;

use ecpay_simulator::{Config, MerchantConfig, Simulator};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{NOW, World};

const HOUR: Duration = Duration::from_hours(1);

/// The same world with a simulator started anew.
async fn restarted(world: World, config: Config) -> World {
    let World { simulator, shop, browser, .. } = world;
    simulator.stop().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let now = NOW.parse().expect("RFC 3339");
    let config = Config { clock: std::sync::Arc::new(move || now), ..config };
    let simulator = Simulator::start(config, listener).expect("a simulator");
    let base = format!("http://{}", simulator.local_addr());
    let environment = ecpay::Environment::custom(&base).expect("an address");
    World { simulator, shop, browser, environment }
}

#[tokio::test]
async fn orders_faults_time_and_waiting_notices_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let kept = || Config { directory: Some(directory.path().join("sim")), ..Config::default() };
    let mut world = World::with(kept()).await;
    world.card_order("P1").await;
    world.card_order("P2").await;
    world.pay("P1").await;
    world.shop.receive().await;
    world.notice_in_state("P1", "acknowledged").await;
    world.advance(86_400).await;
    world.fault(json!({ "kind": "late", "delay_ms": 3_600_000 })).await;
    world.pay("P2").await;
    world.fault(json!({ "kind": "forged_mac", "merchant_trade_no": "P9" })).await;
    let before = (world.trade("P1").await, world.trade("P2").await);
    assert_eq!(before.0["card"]["state"], json!("captured"));
    assert_eq!(before.1["notices"][0]["state"], json!("pending"));

    let mut world = restarted(world, kept()).await;
    assert_eq!((world.trade("P1").await, world.trade("P2").await), before);
    let clock = world.get("/simulator/clock").await.json();
    assert_eq!(clock, json!({ "now": "2026-01-03T04:00:00Z", "ahead_seconds": 86_400 }));
    let faults = world.get("/simulator/faults").await.json();
    assert_eq!(faults["items"][0]["merchant_trade_no"], json!("P9"));
    // What was to be sent an hour later still is, and not before.
    world.shop.receives_nothing_for(Duration::from_millis(50)).await;
    world.advance(3600).await;
    assert_eq!(world.shop.receive().await.payment().merchant_trade_no.as_str(), "P2");
    world.notice_in_state("P2", "acknowledged").await;
    // Numbers stay burnt.
    let again = world.enter(&world.checkout("P1", ecpay::Method::credit())).await;
    assert!(again.text.contains("10300028"), "{}", again.text);
    world.close().await;
}

#[tokio::test]
async fn keys_are_not_written_and_orders_without_a_merchant_are_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let kept = || Config { directory: Some(directory.path().to_owned()), ..Config::default() };
    let world = World::with(kept()).await;
    world.card_order("P3").await;
    let file = directory.path().join("ecpay-simulator.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("P3") && !text.contains("pwFHCqoQZGmho4w6"));

    // A torn last line, as after a power failure, costs itself only.
    std::fs::write(&file, format!("{text}{{\"trade\": {{\"merch")).unwrap();
    let world = restarted(world, kept()).await;
    assert_eq!(world.trade("P3").await["status"], json!("created"));
    world.card_order("P4").await;

    let world = restarted(world, kept()).await;
    assert_eq!(world.trade("P4").await["status"], json!("created"));
    let mut other = MerchantConfig::public_test();
    other.id = "2000132".into();
    let world = restarted(world, Config { merchants: vec![other], ..kept() }).await;
    assert_eq!(world.trade("P4").await, json!({ "error": "there is no such order" }));
    world.close().await;
}

#[tokio::test]
async fn the_file_does_not_grow_for_ever_and_old_orders_are_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let config =
        Config { directory: Some(directory.path().to_owned()), max_trades: 2, ..Config::default() };
    let world = World::with(config).await;
    for number in ["P5", "P6", "P7"] {
        world.card_order(number).await;
    }
    assert_eq!(world.trade("P5").await, json!({ "error": "there is no such order" }));
    for _ in 0..600 {
        world.advance(1).await;
        world.control("/simulator/trades/P7/redeliver", None).await;
    }
    let text = std::fs::read_to_string(directory.path().join("ecpay-simulator.jsonl")).unwrap();
    assert!(text.lines().count() < 1100, "{}", text.lines().count());
    assert!(text.contains("P6") && text.contains("P7"));
    world.close().await;
}

#[tokio::test]
async fn retries_follow_the_clock_that_is_turned() {
    let mut world = World::patient(HOUR).await;
    world.shop.answer(&[(500, ""); 4]);
    world.card_order("P8").await;
    world.pay("P8").await;
    world.shop.receive().await;
    // One hour, two, three, and three again.
    for (tries, hours) in [(1, 1), (2, 2), (3, 3), (4, 3)] {
        let notice = world.notice_tried("P8", tries).await;
        assert_eq!(notice["state"], json!("pending"));
        world.advance(hours * 3600 - 1).await;
        world.shop.receives_nothing_for(Duration::from_millis(150)).await;
        world.advance(1).await;
        world.shop.receive().await;
    }
    world.notice_in_state("P8", "acknowledged").await;
    world.close().await;
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_said_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = Config { directory: Some(file.join("sim")), ..Config::default() };
    let error = Simulator::start(config, listener).err().expect("a refusal");
    assert_eq!(error.to_string(), "the state cannot be kept in that directory");
}
