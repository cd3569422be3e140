//! Cards in all their kinds, and what else is paid at once.

use std::time::Duration;

use ecpay_simulator::{Config, Method};
use serde_json::json;

use crate::{Page, World};

/// An order whose form has these fields besides the usual ones; the payment page.
async fn order(world: &World, number: &str, method: &str, fields: &[(&str, &str)]) -> Page {
    let shop = [("ReturnURL", world.shop.url("/notify")), ("OrderResultURL", world.shop.url("/r"))];
    let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(shop);
    let fields: std::collections::BTreeMap<_, _> = fields.collect();
    let asked = json!({
        "merchant_trade_no": number, "amount": 1000, "method": method, "fields": fields
    });
    let (status, trade) = world.control("/simulator/trades", Some(asked)).await;
    assert_eq!(status, 201, "{trade}");
    world.get(trade["pay_page"].as_str().expect("a page")).await
}

async fn press(world: &World, page: &Page, step: &str, body: &str) -> Page {
    world.post_form(&world.url(&format!("{}{step}", page.path)), body.to_owned()).await
}

const CARD: &str = "card_number=4938-1777-7777-7777&expiry=12%2F29&cvc=222";

#[tokio::test]
async fn instalments_are_chosen_and_told() {
    let mut world = World::new().await;
    let fields = [("CreditInstallment", "3,6,30N"), ("NeedExtraPaidInfo", "Y")];
    let page = order(&world, "C1", "Credit", &fields).await;
    for plan in ["3", "6", "30N"] {
        assert!(page.has(&format!("sim-plan-{plan}")), "{}", page.text);
    }
    assert!(!page.has("sim-plan-0") && !page.has("sim-unionpay"));
    for bad in ["", "&instalments=12"] {
        let refused = press(&world, &page, "/card", &format!("{CARD}{bad}")).await;
        assert!(refused.has("sim-problem"), "{bad}");
    }
    let bank = press(&world, &page, "/card", &format!("{CARD}&instalments=3")).await;
    assert!(bank.has("sim-instalments"), "{}", bank.text);
    world.post_form(&world.url(&bank.path), "otp=1234".into()).await;
    let notice = world.shop.receive().await.payment();
    let told = |name| notice.fields().get(name).unwrap().to_owned();
    assert_eq!([told("stage"), told("stast"), told("staed")], ["3", "334", "333"]);
    assert_eq!(told("card4no"), "7777");
    assert_eq!(world.trade("C1").await["card"]["instalments"], json!("3"));

    let page = order(&world, "C2", "Credit", &fields).await;
    let bank = press(&world, &page, "/card", &format!("{CARD}&instalments=30N")).await;
    world.post_form(&world.url(&bank.path), "otp=1234".into()).await;
    assert_eq!(world.shop.receive().await.payment().payment_type, "Flexible_Installment");
    world.close().await;
}

#[tokio::test]
async fn unionpay_is_offered_as_asked_captured_at_once_and_carries_no_result() {
    let mut world = World::new().await;
    let hidden = order(&world, "U1", "Credit", &[("UnionPay", "2")]).await;
    assert!(hidden.has("sim-pay") && !hidden.has("sim-unionpay"));
    let choice = order(&world, "U2", "Credit", &[]).await;
    assert!(choice.has("sim-pay") && choice.has("sim-unionpay"));
    let only = order(&world, "U3", "Credit", &[("UnionPay", "1")]).await;
    assert!(!only.has("sim-pay") && only.has("sim-unionpay"));
    assert!(press(&world, &only, "/card", CARD).await.has("sim-problem"));
    assert!(press(&world, &hidden, "/card", "brand=unionpay").await.has("sim-problem"));

    let bank = press(&world, &only, "/card", "brand=unionpay").await;
    let result = world.post_form(&world.url(&bank.path), "otp=1234".into()).await;
    // The shop's OrderResultURL is not used.
    assert!(result.text.contains("付款成功") && result.hidden_inputs().is_empty());
    assert_eq!(world.shop.receive().await.payment().payment_type, "Credit_CreditCard");
    let card = world.trade("U3").await["card"].clone();
    assert_eq!(
        (&card["state"], &card["union_pay"], &card["captured"]),
        (&json!("captured"), &json!(true), &json!(1000))
    );
    world.close().await;
}

#[tokio::test]
async fn three_wrong_codes_end_the_try_and_another_may_begin() {
    let mut world = World::new().await;
    let page = order(&world, "C3", "Credit", &[]).await;
    let bank = press(&world, &page, "/card", CARD).await;
    for _ in 0..2 {
        let again = world.post_form(&world.url(&bank.path), "otp=9".into()).await;
        assert!(again.has("sim-problem") && again.has("sim-3d-leave"));
    }
    world.shop.receives_nothing_for(Duration::from_millis(50)).await;
    let result = world.post_form(&world.url(&bank.path), "otp=9".into()).await;
    assert!(result.text.contains("付款失敗"), "{}", result.text);
    let failed = ecpay::Outcome::Failed { code: 10_200_043 };
    assert_eq!(world.shop.receive().await.payment().outcome(), failed);

    press(&world, &page, "/card", CARD).await;
    let again = world.post_form(&world.url(&bank.path), "otp=9".into()).await;
    assert!(again.has("sim-problem"), "counted anew");
    world.post_form(&world.url(&bank.path), "otp=1234".into()).await;
    assert_eq!(world.shop.receive().await.payment().outcome(), ecpay::Outcome::Paid);
    world.close().await;
}

#[tokio::test]
async fn what_needs_no_number_is_paid_by_one_button() {
    let config = Config { methods: Method::ALL.to_vec(), ..Config::default() };
    let mut world = World::with(config).await;
    for (number, method, sub, payment_type) in [
        ("I1", "WebATM", Some("FUBON"), "WebATM_FUBON"),
        ("I2", "ApplePay", None, "ApplePay"),
        ("I3", "TWQR", None, "TWQR_OPAY"),
        ("I4", "WeiXin", None, "WeiXin"),
        ("I5", "DigitalPayment", Some("iPASS"), "DigitalPayment_iPASS"),
    ] {
        let mut fields = vec![("NeedExtraPaidInfo", "Y")];
        fields.extend(sub.map(|sub| ("ChooseSubPayment", sub)));
        let page = order(&world, number, method, &fields).await;
        assert!(page.has(&format!("sim-confirm-{method}")) && page.has("sim-fail"));
        let back = press(&world, &page, "/confirm", &format!("method={method}")).await;
        assert!(back.hidden_inputs().contains("RtnMsg=Succeeded"), "{method}: {}", back.text);
        let notice = world.shop.receive().await.payment();
        assert_eq!(notice.payment_type, payment_type);
        let told = |name| notice.fields().get(name).map(str::to_owned);
        let number_of_bank = if method == "WebATM" { "012" } else { "" };
        assert_eq!(told("WebATMAccBank").as_deref(), Some(number_of_bank));
        assert_eq!(told("TWQRTradeNo").is_some(), method == "TWQR");
        let has_card = world.trade(number).await["card"].is_object();
        assert_eq!(has_card, method == "ApplePay", "{method}");
    }
    // A card is not paid without its number, nor a code without the bank.
    let page = order(&world, "I6", "ALL", &[]).await;
    for method in ["Credit", "ATM", "Nothing"] {
        let refused = press(&world, &page, "/confirm", &format!("method={method}")).await;
        assert_eq!(refused.status, 404, "{method}");
    }
    assert_eq!(world.trade("I6").await["status"], json!("created"));
    world.close().await;
}

#[tokio::test]
async fn paying_later_is_applied_for_then_granted_or_refused() {
    let config = Config { methods: vec![Method::Bnpl], ..Config::default() };
    let mut world = World::with(config).await;
    let too_little = json!({ "merchant_trade_no": "B0", "amount": 2999, "method": "BNPL" });
    let (status, answer) = world.control("/simulator/trades", Some(too_little)).await;
    assert_eq!(status, 422);
    assert!(answer["error"].as_str().unwrap().starts_with("10200105"), "{answer}");

    for number in ["B1", "B2"] {
        let info = world.shop.url("/info");
        let fields = json!({ "PaymentInfoURL": info, "ReturnURL": world.shop.url("/notify") });
        let asked = json!({
            "merchant_trade_no": number, "amount": 3000, "method": "BNPL", "fields": fields
        });
        world.control("/simulator/trades", Some(asked)).await;
        world.control(&format!("/simulator/trades/{number}/issue"), None).await;
        let received = world.shop.receive().await;
        let body = String::from_utf8(received.body).unwrap();
        assert_eq!(received.path, "/info");
        assert!(body.contains("RtnCode=2&") && body.contains("BNPLTradeNo=BNPL"), "{body}");
    }
    world.pay("B1").await;
    assert_eq!(world.shop.receive().await.payment().payment_type, "BNPL_URICH");
    let refuse = json!({ "outcome": "failed", "code": 10_200_163 });
    world.control("/simulator/trades/B2/pay", Some(refuse)).await;
    let outcome = world.shop.receive().await.payment().outcome();
    assert_eq!(outcome, ecpay::Outcome::Failed { code: 10_200_163 });
    let page = world
        .ask(
            "/Cashier/QueryTradeInfo/V5",
            &[("MerchantTradeNo", "B2"), ("TimeStamp", "1767326400")],
        )
        .await;
    assert!(page.text.contains("TradeStatus=10200163"), "{}", page.text);
    world.close().await;
}

#[tokio::test]
async fn english_pages_when_the_shop_asks_for_them() {
    let world = World::new().await;
    let page = order(&world, "L1", "Credit", &[("Language", "ENG")]).await;
    assert!(page.text.contains("<html lang=\"en\"") && page.text.contains("Security code"));
    assert!(!page.text.contains("確認付款"), "{}", page.text);
    let bank = press(&world, &page, "/card", CARD).await;
    let again = world.post_form(&world.url(&bank.path), "otp=9".into()).await;
    assert!(again.text.contains("Wrong code; please try again"));
    let page = order(&world, "L2", "Credit", &[]).await;
    assert!(page.text.contains("<html lang=\"zh-Hant-TW\""));
    world.close().await;
}

#[tokio::test]
async fn a_recurring_order_is_charged_once_and_says_so() {
    let mut world = World::new().await;
    let fields = [
        ("PeriodAmount", "1000"),
        ("PeriodType", "M"),
        ("Frequency", "1"),
        ("ExecTimes", "12"),
        ("NeedExtraPaidInfo", "Y"),
    ];
    order(&world, "P1", "Credit", &fields).await;
    world.pay("P1").await;
    let notice = world.shop.receive().await.payment();
    let told = |name| notice.fields().get(name).unwrap().to_owned();
    assert_eq!(
        [told("PeriodType"), told("ExecTimes"), told("TotalSuccessTimes")],
        ["M", "12", "1"]
    );
    world.close().await;
}
