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

    world
        .control("/simulator/trades/Q1/pay", Some(serde_json::json!({ "outcome": "failed" })))
        .await;
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

/// A signed question about an order, as text.
async fn raw(world: &World, path: &str, number: &str) -> crate::Page {
    let stamp = NOW.parse::<Timestamp>().expect("RFC 3339").as_second().to_string();
    world.ask(path, &[("MerchantTradeNo", number), ("TimeStamp", &stamp)]).await
}

#[tokio::test]
async fn a_code_can_be_asked_for_until_it_is_paid() {
    let mut world = World::new().await;
    let path = "/Cashier/QueryPaymentInfo";
    for (number, method, code, has) in [
        ("Q4", "ATM", "RtnCode=2&", "vAccount="),
        ("Q5", "CVS", "RtnCode=10100073&", "PaymentURL=https://"),
        ("Q6", "BARCODE", "RtnCode=10100073&", "Barcode3="),
    ] {
        let asked = serde_json::json!({
            "merchant_trade_no": number,
            "method": method,
            "fields": { "ReturnURL": world.shop.url("/notify") },
        });
        world.control("/simulator/trades", Some(asked)).await;
        assert_eq!(raw(&world, path, number).await.text, "0|No Payment Info");
        world.control(&format!("/simulator/trades/{number}/issue"), None).await;
        let told = raw(&world, path, number).await.text;
        assert!(told.contains(code) && told.contains(has), "{told}");
        assert!(told.contains("&CheckMacValue="), "{told}");
        let method_told = ask(&world, number).await.payment_type;
        assert!(method_told.starts_with(method), "{method_told}");
        world.pay(number).await;
        world.shop.receive().await;
        assert_eq!(raw(&world, path, number).await.text, "0|No Payment Info");
    }
    assert_eq!(raw(&world, path, "NOPE").await.text, "0|No Payment Info");
    world.close().await;
}

#[tokio::test]
async fn answers_lie_or_fail_as_told() {
    let mut world = World::new().await;
    world.card_order("Q7").await;
    world.pay("Q7").await;
    world.shop.receive().await;
    let fault = |kind: serde_json::Value| world.fault(kind);
    fault(serde_json::json!({ "kind": "query_says", "trade_status": 0 })).await;
    let told = ask(&world, "Q7").await;
    assert_eq!((told.status, told.paid_at), (TradeStatus::Unpaid, None));
    assert!(ask(&world, "Q7").await.is_paid(1990), "once");

    fault(serde_json::json!({ "kind": "query_says", "trade_status": 1, "amount": 1 })).await;
    assert!(ask(&world, "Q7").await.is_paid(1));

    world.card_order("Q8").await;
    let aimed = serde_json::json!({
        "kind": "query_says", "trade_status": 1, "merchant_trade_no": "Q8"
    });
    fault(aimed).await;
    assert!(ask(&world, "Q7").await.is_paid(1990));
    assert!(ask(&world, "Q8").await.is_paid(1990));
    assert_eq!(ask(&world, "Q8").await.status, TradeStatus::Unpaid);

    fault(serde_json::json!({ "kind": "query_forged" })).await;
    let error = ask_at(&world, "Q7", NOW.parse().unwrap()).await.unwrap_err();
    assert_eq!(error, QueryError::Reply(NoticeError::BadSignature));

    fault(serde_json::json!({ "kind": "query_unanswered", "hold_ms": 100 })).await;
    let page = raw(&world, "/Cashier/QueryTradeInfo/V5", "Q7").await;
    assert_eq!((page.status, page.text.as_str()), (504, ""));
    world.close().await;
}

#[tokio::test]
async fn time_stamps_are_judged_by_the_shops_clock() {
    let world = World::new().await;
    world.card_order("Q9").await;
    world.advance(86_400).await;
    assert_eq!(ask(&world, "Q9").await.status, TradeStatus::Unpaid);
    world.close().await;
}
