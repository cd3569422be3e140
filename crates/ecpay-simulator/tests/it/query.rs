//! A shop that asks instead of waiting.

use ecpay::{
    Environment, FormError, MerchantTradeNo, Method, NoticeError, QueryError, TradeInfo,
    TradeInfoQuery, TradeStatus,
};
use jiff::{SignedDuration, Timestamp};

use crate::{NOW, World, merchant};

async fn ask_at(world: &World, number: &str, at: Timestamp) -> Result<TradeInfo, QueryError> {
    let number = MerchantTradeNo::new(number).expect("plain");
    let query = TradeInfoQuery::new(&number, at, &merchant(), &world.environment);
    let page = world.post_form(&query.url, query.body).await;
    assert_eq!(page.status, 200);
    TradeInfo::verify(page.text.as_bytes(), &merchant(), &number)
}

async fn ask(world: &World, number: &str) -> TradeInfo {
    ask_at(world, number, NOW.parse().expect("RFC 3339")).await.expect("a signed reply")
}

#[tokio::test]
async fn every_state_has_its_signed_answer() {
    let mut world = World::new().await;
    assert_eq!(ask(&world, "Q1").await.status, TradeStatus::NotFound);

    let mut order = world.order("Q1");
    order.items = vec!["A+B 50% c=d & 玫瑰".into(), "x".into()];
    world.enter(&ecpay::Checkout::new(order, Method::credit())).await;
    let info = ask(&world, "Q1").await;
    assert_eq!((&info.status, info.amount, info.paid_at), (&TradeStatus::Unpaid, 1990, None));
    assert_eq!(info.fields().get("ItemName"), Some("A+B 50% c d & 玫瑰#x"));

    world.control("/_sim/trades/Q1/pay", Some(serde_json::json!({ "outcome": "failed" }))).await;
    assert_eq!(ask(&world, "Q1").await.status, TradeStatus::Failed);
    world.shop.receive().await;

    world.pay("Q1").await;
    let info = ask(&world, "Q1").await;
    assert!(info.is_paid(1990) && !info.is_paid(1));
    assert_eq!(info.payment_type, "Credit_CreditCard");
    assert_eq!(info.paid_at, Some(NOW.parse().unwrap()));
    assert_eq!(info.trade_no, world.shop.receive().await.payment().trade_no);
    world.close().await;
}

#[tokio::test]
async fn a_time_stamp_is_good_for_three_minutes() {
    let world = World::new().await;
    world.card_order("Q2").await;
    let now: Timestamp = NOW.parse().unwrap();
    assert!(ask_at(&world, "Q2", now - SignedDuration::from_secs(180)).await.is_ok());
    for off in [-181, 181] {
        let error = ask_at(&world, "Q2", now + SignedDuration::from_secs(off)).await.unwrap_err();
        assert_eq!(error, QueryError::Reply(NoticeError::Form(FormError::Malformed)));
    }
    world.close().await;
}

#[tokio::test]
async fn a_forged_question_is_not_answered() {
    let world = World::new().await;
    world.card_order("Q3").await;
    let number = MerchantTradeNo::new("Q3").unwrap();
    let other = ecpay::Merchant::new("3002607", "wrong", "keys").unwrap();
    let environment: &Environment = &world.environment;
    let query = TradeInfoQuery::new(&number, NOW.parse().unwrap(), &other, environment);
    let page = world.post_form(&query.url, query.body).await;
    assert_eq!(page.text, "0|CheckMacValue Error");
    world.close().await;
}
