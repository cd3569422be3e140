//! What a shop does with a card's money afterwards.

use std::time::{Duration, Instant};

use ecpay_simulator::Config;
use serde_json::{Value, json};

use crate::{Page, World};

/// Until the first cut-offs after noon, 20:15 and 20:30, have passed.
const TO_QUEUE: i64 = 8 * 3600 + 15 * 60;
const TO_CLOSE: i64 = 15 * 60;
const DAY: i64 = 86_400;

/// `DoAction` for an order; what it answers, as text.
async fn act(world: &World, number: &str, action: &str, amount: u32) -> Page {
    let trade_no = world.trade(number).await["trade_no"].as_str().expect("a number").to_owned();
    let amount = amount.to_string();
    let fields = [
        ("MerchantTradeNo", number),
        ("TradeNo", &trade_no),
        ("Action", action),
        ("TotalAmount", &amount),
    ];
    world.ask("/CreditDetail/DoAction", &fields).await
}

#[track_caller]
fn assert_done(page: &Page) {
    assert!(page.text.contains("&RtnCode=1&RtnMsg="), "{}", page.text);
    assert!(!page.text.contains("CheckMacValue"), "not signed: {}", page.text);
}

#[track_caller]
fn assert_refused(page: &Page, message: &str) {
    assert!(page.text.ends_with(&format!("&RtnCode=0&RtnMsg={message}")), "{}", page.text);
}

/// State, captured, refunded.
async fn card(world: &World, number: &str) -> (String, u64, u64) {
    let card = world.trade(number).await["card"].clone();
    let amount = |name: &str| card[name].as_u64().expect("an amount");
    (card["state"].as_str().expect("a state").to_owned(), amount("captured"), amount("refunded"))
}

async fn paid(world: &mut World, number: &str) {
    world.card_order(number).await;
    world.pay(number).await;
    world.shop.receive().await;
    world.notice_in_state(number, "acknowledged").await;
}

async fn detail(world: &World, number: &str) -> Value {
    let gwsr = world.trade(number).await["card"]["gwsr"].to_string();
    let fields = [("CreditRefundId", &*gwsr), ("CreditAmount", "1990"), ("CreditCheckCode", "1")];
    world.ask("/CreditDetail/QueryTrade/V2", &fields).await.json()
}

#[tokio::test]
async fn a_day_captures_what_was_authorised() {
    let mut world = World::new().await;
    paid(&mut world, "A1").await;
    assert_eq!(card(&world, "A1").await, ("authorised".into(), 0, 0));
    let told = detail(&world, "A1").await;
    let gwsr = &told["RtnValue"]["TradeID"];
    assert!(gwsr.is_u64());
    assert_eq!(
        told,
        json!({ "RtnMsg": "", "RtnValue": {
            "TradeID": gwsr, "amount": 1990, "clsamt": 0,
            "authtime": "2026/1/2 下午 12:00:00", "status": "已授權", "close_data": [],
        } })
    );
    world.advance(TO_QUEUE - 1).await;
    assert_eq!(card(&world, "A1").await.0, "authorised");
    world.advance(1).await;
    assert_eq!(card(&world, "A1").await, ("to_capture".into(), 1990, 0));
    assert_eq!(detail(&world, "A1").await["RtnValue"]["status"], json!("要關帳"));
    world.advance(TO_CLOSE).await;
    assert_eq!(card(&world, "A1").await, ("captured".into(), 1990, 0));
    let closed = detail(&world, "A1").await["RtnValue"].clone();
    assert_eq!((&closed["status"], &closed["clsamt"]), (&json!("已關帳"), &json!(1990)));
    assert_eq!(closed["close_data"][0]["datetime"], json!("2026/1/2 下午 08:30:00"));

    assert_refused(&act(&world, "A1", "E", 1990).await, "訂單狀態不允許此動作");
    assert_done(&act(&world, "A1", "R", 990).await);
    assert_refused(&act(&world, "A1", "R", 1001).await, "金額錯誤");
    assert_done(&act(&world, "A1", "R", 1000).await);
    assert_refused(&act(&world, "A1", "R", 1).await, "金額錯誤");
    assert_eq!(card(&world, "A1").await, ("captured".into(), 1990, 1990));
    world.close().await;
}

#[tokio::test]
async fn by_hand_a_capture_is_asked_for_undone_and_given_up() {
    let config = Config { auto_capture: false, ..Config::default() };
    let mut world = World::with(config).await;
    paid(&mut world, "A2").await;
    assert_refused(&act(&world, "A2", "R", 1).await, "訂單狀態不允許此動作");
    assert_refused(&act(&world, "A2", "C", 1991).await, "金額錯誤");
    assert_done(&act(&world, "A2", "C", 1500).await);
    assert_done(&act(&world, "A2", "R", 500).await);
    world.advance(DAY).await;
    assert_eq!(card(&world, "A2").await, ("captured".into(), 1500, 500));

    paid(&mut world, "A3").await;
    assert_done(&act(&world, "A3", "C", 1990).await);
    assert_refused(&act(&world, "A3", "E", 1000).await, "金額錯誤");
    assert_done(&act(&world, "A3", "E", 1990).await);
    world.advance(DAY).await;
    assert_eq!(card(&world, "A3").await, ("authorised".into(), 0, 0), "nothing by itself");
    assert_done(&act(&world, "A3", "N", 1990).await);
    assert_eq!(card(&world, "A3").await.0, "abandoned");
    assert_eq!(detail(&world, "A3").await["RtnValue"]["status"], json!("已取消"));
    world.close().await;
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let mut world = World::new().await;
    paid(&mut world, "A4").await;
    let before = world.trade("A4").await;
    for (action, amount, message) in [
        ("X", 1, "Action Error"),
        ("", 1, "Action Error"),
        ("C", 0, "金額錯誤"),
        ("E", 1990, "訂單狀態不允許此動作"),
    ] {
        assert_refused(&act(&world, "A4", action, amount).await, message);
    }
    let trade_no = before["trade_no"].as_str().unwrap();
    let ask = async |number: &str, trade_no: &str, amount: &str| {
        let fields = [
            ("MerchantTradeNo", number),
            ("TradeNo", trade_no),
            ("Action", "N"),
            ("TotalAmount", amount),
        ];
        world.ask("/CreditDetail/DoAction", &fields).await
    };
    for amount in ["", "-1", "1990.0", "+1990"] {
        let page = ask("A4", trade_no, amount).await;
        assert_refused(&page, "TotalAmount Error");
    }
    for (number, trade_no) in [("NOPE", trade_no), ("A4", "2601021200009999")] {
        let page = ask(number, trade_no, "1990").await;
        assert_refused(&page, "訂單不存在");
        assert!(page.text.starts_with("Merchant=&"), "a key too many: {}", page.text);
    }
    let url = world.url("/CreditDetail/DoAction");
    let unsigned = world.post_form(&url, "MerchantID=3002607&Action=N".into()).await;
    assert!(unsigned.text.ends_with("RtnCode=10200073&RtnMsg=CheckMacValue Error"));
    assert_eq!(world.trade("A4").await, before);
    world.close().await;
}

#[tokio::test]
async fn only_cards_have_actions() {
    let mut world = World::new().await;
    let asked = json!({ "merchant_trade_no": "A5", "method": "ATM" });
    world.control("/simulator/trades", Some(asked)).await;
    world.pay("A5").await;
    assert_refused(&act(&world, "A5", "R", 1).await, "訂單不存在");
    world.shop.receives_nothing_for(Duration::from_millis(20)).await;
    world.close().await;
}

#[tokio::test]
async fn a_command_may_be_carried_out_and_never_answered() {
    let mut world = World::new().await;
    for (number, acted) in [("A6", true), ("A7", false)] {
        paid(&mut world, number).await;
        world.fault(json!({ "kind": "action_unanswered", "hold_ms": 200, "acted": acted })).await;
        let began = Instant::now();
        let page = act(&world, number, "C", 1990).await;
        assert_eq!((page.status, page.text.as_str()), (504, ""));
        assert!(began.elapsed() >= Duration::from_millis(200));
        let captured = if acted { 1990 } else { 0 };
        assert_eq!(card(&world, number).await.1, captured);
    }
    // The next one is answered again.
    assert_done(&act(&world, "A7", "C", 1990).await);
    world.close().await;
}

#[tokio::test]
async fn a_command_may_be_refused() {
    let mut world = World::new().await;
    paid(&mut world, "A8").await;
    world.fault(json!({ "kind": "action_refused", "merchant_trade_no": "A8" })).await;
    assert_refused(&act(&world, "A8", "C", 1990).await, "餘額不足");
    world.fault(json!({ "kind": "action_refused", "message": "error_overDate" })).await;
    assert_refused(&act(&world, "A8", "C", 1990).await, "error_overDate");
    assert_eq!(card(&world, "A8").await, ("authorised".into(), 0, 0));
    world.close().await;
}

#[tokio::test]
async fn a_card_is_told_to_who_knows_its_number_amount_and_code() {
    let config = Config { credit_check_code: Some(25_938_726), ..Config::default() };
    let mut world = World::with(config).await;
    paid(&mut world, "A9").await;
    let gwsr = world.trade("A9").await["card"]["gwsr"].to_string();
    let nothing = json!({ "RtnMsg": "error", "RtnValue": null });
    for (id, amount, code) in
        [("1", "1990", "25938726"), (&*gwsr, "1989", "25938726"), (&*gwsr, "1990", "1")]
    {
        let fields = [("CreditRefundId", id), ("CreditAmount", amount), ("CreditCheckCode", code)];
        assert_eq!(world.ask("/CreditDetail/QueryTrade/V2", &fields).await.json(), nothing);
    }
    let fields =
        [("CreditRefundId", &*gwsr), ("CreditAmount", "1990"), ("CreditCheckCode", "25938726")];
    world.fault(json!({ "kind": "card_pending", "merchant_trade_no": "A9" })).await;
    let pending = world.ask("/CreditDetail/QueryTrade/V2", &fields).await.json();
    assert_eq!(pending, json!({ "RtnMsg": "error_nopay", "RtnValue": null }));
    let told = world.ask("/CreditDetail/QueryTrade/V2", &fields).await.json();
    assert_eq!(told["RtnValue"]["status"], json!("已授權"));
    world.close().await;
}
