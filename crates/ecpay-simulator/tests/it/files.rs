//! Reconciliation files, and differences planted in them.

use std::time::Duration;

use ecpay_simulator::Config;
use serde_json::json;

use crate::{Page, World};

const HOUR: i64 = 3600;

async fn world() -> World {
    World::with(Config { file_interval: Duration::ZERO, ..Config::default() }).await
}

/// Orders paid by card and by ATM, one unpaid and one failed.
async fn orders(world: &mut World) {
    world.card_order("CARD").await;
    world.pay("CARD").await;
    world.shop.receive().await;
    for (number, method) in [("ATM", "ATM"), ("OPEN", "CVS"), ("FAIL", "Credit")] {
        let asked = json!({ "merchant_trade_no": number, "amount": 500, "method": method });
        let (status, _) = world.control("/simulator/trades", Some(asked)).await;
        assert_eq!(status, 201);
    }
    world.pay("ATM").await;
    world.control("/simulator/trades/FAIL/pay", Some(json!({ "outcome": "failed" }))).await;
}

async fn trades(world: &World, more: &[(&str, &str)]) -> Page {
    let usual = [
        ("DateType", "6"),
        ("BeginDate", "2026-01-02"),
        ("EndDate", "2026-01-02"),
        ("MediaFormated", "1"),
        ("CharSet", "2"),
    ];
    let given = |name: &str| more.iter().any(|(known, _)| *known == name);
    let fields: Vec<_> =
        usual.into_iter().filter(|(name, _)| !given(name)).chain(more.iter().copied()).collect();
    world.ask("/PaymentMedia/TradeNoAio", &fields).await
}

async fn funding(world: &World, kind: &str, begin: &str, end: &str) -> Page {
    let fields = [("PayDateType", kind), ("StartDate", begin), ("EndDate", end), ("CharSet", "2")];
    world.ask("/CreditDetail/FundingReconDetail", &fields).await
}

/// The cells of each row, the header's first; `="…"` taken off.
fn rows(page: &Page) -> Vec<Vec<String>> {
    let cell = |cell: &str| cell.trim_start_matches("=\"").trim_end_matches('"').to_owned();
    page.text.lines().map(|line| line.split(',').map(cell).collect()).collect()
}

/// The cells under a name of the header.
fn column(page: &Page, name: &str) -> Vec<String> {
    let rows = rows(page);
    let place = rows[0].iter().position(|cell| cell == name).expect("a column");
    rows[1..].iter().map(|row| row[place].clone()).collect()
}

#[tokio::test]
async fn every_layout_tells_the_same_orders() {
    let mut world = world().await;
    orders(&mut world).await;
    for (layout, columns, number, state) in [
        ("0", 16, "特店訂單編號", "付款結果"),
        ("1", 19, "廠商訂單編號", "付款狀態"),
        ("2", 20, "廠商訂單編號", "付款狀態"),
    ] {
        let page = trades(&world, &[("MediaFormated", layout)]).await;
        assert!(rows(&page).iter().all(|row| row.len() == columns), "{}", page.text);
        assert_eq!(column(&page, number), ["CARD", "ATM", "OPEN", "FAIL"]);
        assert_eq!(column(&page, state), ["已付款", "已付款", "未付款", "付款失敗"]);
        assert_eq!(column(&page, "交易金額"), ["1990", "500", "500", "500"]);
        assert_eq!(column(&page, "應收款項(淨額)"), ["1935", "490", "0", "0"]);
        assert_eq!(page.text.contains("=\"CARD\""), layout != "0");
    }
    world.close().await;
}

#[tokio::test]
async fn files_are_big5_unless_asked_otherwise() {
    let mut world = world().await;
    orders(&mut world).await;
    let unicode = trades(&world, &[]).await;
    let big5 = trades(&world, &[("CharSet", "1")]).await;
    let by_default = trades(&world, &[("CharSet", "")]).await;
    assert_eq!(big5.bytes, by_default.bytes);
    assert_ne!(big5.bytes, unicode.bytes);
    let (text, _, broken) = encoding_rs::BIG5.decode(&big5.bytes);
    assert!(!broken);
    assert_eq!(text, unicode.text);
    assert!(text.starts_with("訂單日期,廠商訂單編號,"));
    world.close().await;
}

#[tokio::test]
async fn filters_pick_what_is_wanted() {
    let mut world = world().await;
    orders(&mut world).await;
    let numbers =
        async |more: &[(&str, &str)]| column(&trades(&world, more).await, "廠商訂單編號").join(" ");
    assert_eq!(numbers(&[("DateType", "2")]).await, "CARD ATM");
    assert_eq!(numbers(&[("DateType", "4")]).await, "", "nothing is paid out yet");
    assert_eq!(numbers(&[("PaymentType", "01")]).await, "CARD FAIL");
    assert_eq!(numbers(&[("PaymentType", "03")]).await, "ATM");
    assert_eq!(numbers(&[("PaymentStatus", "0")]).await, "OPEN");
    assert_eq!(numbers(&[("PaymentStatus", "2")]).await, "FAIL");
    assert_eq!(numbers(&[("AllocateStatus", "1")]).await, "");
    let (begin, end) = (("BeginDate", "2026-01-03"), ("EndDate", "2026-02-03"));
    assert_eq!(numbers(&[begin, end]).await, "");

    // The card's money comes on Monday, the bank's on Wednesday.
    world.advance(6 * 24 * HOUR).await;
    let dates = [("DateType", "4"), ("BeginDate", "2026-01-05"), ("EndDate", "2026-01-05")];
    assert_eq!(numbers(&dates).await, "CARD");
    assert_eq!(numbers(&[("AllocateStatus", "1")]).await, "CARD ATM");
    world.close().await;
}

#[tokio::test]
async fn bad_questions_have_no_file() {
    let world = world().await;
    for (name, value, reason) in [
        ("DateType", "1", "0|DateType Error"),
        ("BeginDate", "2026/01/02", "0|Date Error"),
        ("BeginDate", "2025-12-01", "0|Date Range Error"),
        ("EndDate", "2026-01-01", "0|Date Range Error"),
        ("MediaFormated", "3", "0|MediaFormated Error"),
        ("PaymentType", "99", "0|PaymentType Error"),
        ("CharSet", "3", "0|CharSet Error"),
    ] {
        assert_eq!(trades(&world, &[(name, value)]).await.text, reason);
    }
    let page = funding(&world, "other", "2026-01-02", "2026-01-02").await;
    assert_eq!(page.text, "0|PayDateType Error");
    let url = world.url("/PaymentMedia/TradeNoAio");
    let unsigned = world.post_form(&url, "MerchantID=3002607".into()).await;
    assert_eq!(unsigned.text, "0|CheckMacValue Error");
    world.close().await;
}

#[tokio::test]
async fn one_file_a_minute() {
    let world = World::new().await;
    assert!(trades(&world, &[("DateType", "0")]).await.text.starts_with("0|"));
    assert!(trades(&world, &[]).await.text.starts_with("訂單日期"), "a refusal does not count");
    let again = trades(&world, &[]).await;
    assert_eq!(again.text, "0|Only One File Per Minute");
    let other = funding(&world, "close", "2026-01-02", "2026-01-02").await;
    assert_eq!(other.text, "0|Only One File Per Minute");
    world.advance(60).await;
    assert!(trades(&world, &[]).await.text.starts_with("訂單日期"));
    world.close().await;
}

#[tokio::test]
async fn payouts_are_told_from_two_in_the_afternoon_of_their_day() {
    let mut world = world().await;
    orders(&mut world).await;
    let day = "2026-01-02";
    assert_eq!(rows(&funding(&world, "close", day, day).await).len(), 1);
    // Noon; half past eight; then Monday, 14:00.
    world.advance(8 * HOUR + 1800).await;
    let page = funding(&world, "close", day, day).await;
    let gwsr = world.trade("CARD").await["card"]["gwsr"].to_string();
    assert_eq!(
        rows(&page)[1],
        ["1", &gwsr, "777777", "CARD", "20260102", "20260102", "1990", "55", "1935"]
    );
    let monday = "2026-01-05";
    assert_eq!(rows(&funding(&world, "fund", monday, monday).await).len(), 1);
    world.advance(65 * HOUR + 1799).await;
    assert_eq!(rows(&funding(&world, "fund", monday, monday).await).len(), 1);
    world.advance(1).await;
    assert_eq!(column(&funding(&world, "fund", monday, monday).await, "訂單編號"), ["CARD"]);
    assert_eq!(column(&funding(&world, "enter", monday, monday).await, "訂單編號"), ["CARD"]);

    // A refund is a row of its own, below zero and without a fee.
    let trade_no = world.trade("CARD").await["trade_no"].as_str().unwrap().to_owned();
    let fields = [
        ("MerchantTradeNo", "CARD"),
        ("TradeNo", &trade_no),
        ("Action", "R"),
        ("TotalAmount", "990"),
    ];
    world.ask("/CreditDetail/DoAction", &fields).await;
    world.advance(24 * HOUR).await;
    let page = funding(&world, "close", monday, "2026-01-06").await;
    assert_eq!(column(&page, "撥款金額"), ["-990"]);
    let page = trades(&world, &[]).await;
    assert_eq!(column(&page, "退款金額"), ["990", "", "", ""]);
    assert_eq!(column(&page, "應收款項(淨額)"), ["945", "490", "0", "0"]);
    world.close().await;
}

#[tokio::test]
async fn differences_are_planted_as_told() {
    let mut world = world().await;
    orders(&mut world).await;
    world.advance(9 * HOUR).await;
    for fault in [
        json!({ "kind": "row_missing", "merchant_trade_no": "ATM", "file": "trades" }),
        json!({ "kind": "row_amount", "merchant_trade_no": "CARD", "amount": 1991 }),
        json!({ "kind": "row_extra", "amount": 77, "file": "trades" }),
    ] {
        world.fault(fault).await;
    }
    let page = trades(&world, &[]).await;
    assert_eq!(column(&page, "廠商訂單編號"), ["CARD", "OPEN", "FAIL", "SIMEXTRA1"]);
    assert_eq!(column(&page, "交易金額"), ["1991", "500", "500", "77"]);
    // Once each.
    let page = trades(&world, &[]).await;
    assert_eq!(column(&page, "廠商訂單編號"), ["CARD", "ATM", "OPEN", "FAIL"]);
    assert_eq!(column(&page, "交易金額"), ["1990", "500", "500", "500"]);

    let extra = json!({
        "kind": "row_extra", "merchant_trade_no": "X1", "amount": -5, "file": "funding"
    });
    world.fault(extra).await;
    world.fault(json!({ "kind": "row_missing", "file": "funding", "times": 2 })).await;
    let page = funding(&world, "close", "2026-01-02", "2026-01-02").await;
    assert_eq!(column(&page, "訂單編號"), ["X1"], "planted, then the first of the rest is gone");
    assert_eq!(column(&page, "交易金額"), ["-5"]);
    world.close().await;
}
