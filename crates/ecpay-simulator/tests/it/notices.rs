//! Deliveries: until acknowledged, and not for ever.

use std::time::Duration;

use ecpay::Outcome;
use ecpay_simulator::Config;
use serde_json::json;

use crate::{RETRY, World};

#[tokio::test]
async fn a_notice_is_repeated_until_it_is_acknowledged_exactly() {
    let mut world = World::new().await;
    world.shop.answer(&[(200, "OK"), (500, "1|OK"), (302, "1|OK"), (200, "1|OK\n")]);
    world.card_order("N1").await;
    world.pay("N1").await;
    let first = world.shop.receive().await.payment();
    assert_eq!((first.outcome(), first.message.as_str()), (Outcome::Paid, "交易成功"));
    for _ in 0..4 {
        let again = world.shop.receive().await.payment();
        assert_eq!((again.outcome(), again.message.as_str()), (Outcome::Paid, "paid"));
    }
    let notice = world.notice_in_state("N1", "acknowledged").await;
    let attempts = notice["attempts"].as_array().unwrap();
    let seen: Vec<_> =
        attempts.iter().map(|a| (a["status"].as_u64(), a["answer"].clone())).collect();
    assert_eq!(
        seen,
        [
            (Some(200), json!("OK")),
            (Some(500), json!("1|OK")),
            (Some(302), json!("1|OK")),
            (Some(200), json!("1|OK\n")),
            (Some(200), json!("1|OK")),
        ]
    );
    world.shop.receives_nothing_for(RETRY * 4).await;
    world.close().await;
}

#[tokio::test]
async fn it_stops_at_once_when_acknowledged() {
    let mut world = World::new().await;
    world.card_order("N2").await;
    world.pay("N2").await;
    world.shop.receive().await;
    world.notice_in_state("N2", "acknowledged").await;
    world.shop.receives_nothing_for(RETRY * 4).await;
    world.close().await;
}

#[tokio::test]
async fn it_gives_up_after_five_deliveries() {
    let mut world = World::new().await;
    world.shop.answer(&[(200, "0|no"); 9]);
    world.card_order("N3").await;
    world.pay("N3").await;
    for _ in 0..5 {
        world.shop.receive().await;
    }
    let notice = world.notice_in_state("N3", "abandoned").await;
    assert_eq!(notice["attempts"].as_array().unwrap().len(), 5);
    world.shop.receives_nothing_for(RETRY * 4).await;
    world.close().await;
}

#[tokio::test]
async fn a_shop_that_is_not_there_or_never_answers_holds_up_nobody() {
    let config = Config { callback_timeout: Duration::from_millis(200), ..Config::default() };
    let mut world = World::with(config).await;
    let mut order = world.order("N4");
    // Port 9 (discard) of the loopback: nobody listens.
    order.return_url = "http://127.0.0.1:9/notify".into();
    world.enter(&ecpay::Checkout::new(order, ecpay::Method::credit())).await;
    world.pay("N4").await;
    world.card_order("N5").await;
    world.pay("N5").await;
    assert_eq!(world.shop.receive().await.payment().merchant_trade_no.as_str(), "N5");
    let notice = world.notice_in_state("N4", "abandoned").await;
    assert_eq!(notice["attempts"][0]["status"], json!(null));
    world.close().await;
}

#[tokio::test]
async fn the_last_notice_can_be_sent_again() {
    let mut world = World::new().await;
    world.card_order("N6").await;
    let (status, _) = world.control("/simulator/trades/N6/redeliver", None).await;
    assert_eq!(status, 409);
    world.pay("N6").await;
    let first = world.shop.receive().await;
    world.notice_in_state("N6", "acknowledged").await;
    let (status, _) = world.control("/simulator/trades/N6/redeliver", None).await;
    assert_eq!(status, 200);
    assert_eq!(world.shop.receive().await, first);
    world.close().await;
}

#[tokio::test]
async fn too_many_waiting_notices_are_dropped_and_said_so() {
    let config = Config { max_pending_deliveries: 0, ..Config::default() };
    let mut world = World::with(config).await;
    world.card_order("N7").await;
    world.pay("N7").await;
    world.notice_in_state("N7", "dropped").await;
    world.shop.receives_nothing_for(Duration::from_millis(50)).await;
    world.close().await;
}

#[tokio::test]
async fn paying_twice_or_what_is_not_there_is_refused() {
    let mut world = World::new().await;
    world.card_order("N8").await;
    world.pay("N8").await;
    world.shop.receive().await;
    let (status, answer) = world.control("/simulator/trades/N8/pay", None).await;
    assert_eq!((status, answer), (409, json!({ "error": "the order is paid already" })));
    let (status, _) = world.control("/simulator/trades/NOPE/pay", None).await;
    assert_eq!(status, 404);
    let (status, _) = world.control("/simulator/trades/N8/pay", Some(json!({ "outcme": 1 }))).await;
    assert_eq!(status, 400);
    world.shop.receives_nothing_for(Duration::from_millis(50)).await;
    world.close().await;
}

#[tokio::test]
async fn extra_fields_are_sent_when_asked_for() {
    let mut world = World::new().await;
    let checkout = world.checkout("N9", ecpay::Method::credit()).extra_paid_info();
    world.enter(&checkout.custom_fields([None, Some("a & b".into()), None, None])).await;
    world.pay("N9").await;
    let notice = world.shop.receive().await.payment();
    assert_eq!(notice.fields().get("card4no"), Some("2222"));
    assert_eq!(notice.fields().get("card6no"), Some("431195"));
    assert_eq!(notice.fields().get("eci"), Some("5"));
    assert_eq!(notice.fields().get("WebATMBankName"), Some(""));
    assert_eq!(notice.custom_field(2), Some("a & b"));
    world.close().await;
}

#[tokio::test]
async fn stopping_is_quick_even_with_notices_waiting() {
    let world = World::with(Config::default()).await;
    world.shop.answer(&[(200, "no"); 5]);
    world.card_order("N10").await;
    world.pay("N10").await;
    let address = world.simulator.local_addr();
    let began = tokio::time::Instant::now();
    world.close().await;
    assert!(began.elapsed() < Duration::from_secs(4));
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
