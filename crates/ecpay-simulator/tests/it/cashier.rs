//! A buyer at the cashier.

use std::time::Duration;

use ecpay::{Method, Outcome, PaymentNotice};
use serde_json::json;

use crate::{Page, World, merchant};

const CARD: &str = "card_number=4311-9522-2222-2222&expiry=12%2F29&cvc=222";

async fn enter_card(world: &World, number: &str, card: &str) -> Page {
    let pay_page = world.trade(number).await["pay_page"].as_str().expect("a page").to_owned();
    world.post_form(&world.url(&format!("{pay_page}/card")), card.to_owned()).await
}

#[tokio::test]
async fn paying_by_card_from_end_to_end() {
    let mut world = World::new().await;
    let checkout = world
        .checkout("CARD1", Method::credit())
        .order_result_url(world.shop.url("/result"))
        .client_back_url(world.shop.url("/orders/1"));

    let page = world.enter(&checkout).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.path.starts_with("/Cashier/Pay/260102120000"), "{}", page.path);
    for test_id in ["sim-amount", "sim-pay", "sim-fail", "sim-cancel"] {
        assert!(page.has(test_id), "{test_id}");
    }
    assert!(page.text.contains("NT$ 1,990") && page.text.contains("模擬環境"));
    assert!(page.text.contains("馬克杯 &quot;大&quot; &amp; 小 x1"), "escaped: {}", page.text);

    let page = enter_card(&world, "CARD1", CARD).await;
    assert!(page.path.ends_with("/3d") && page.has("sim-3d-confirm"), "{}", page.text);
    world.shop.receives_nothing_for(Duration::from_millis(50)).await;

    let page = world.post_form(&world.url(&page.path), "otp=1234".into()).await;
    assert!(page.path.ends_with("/result") && page.has("sim-back"), "{}", page.text);
    let browser = PaymentNotice::verify(page.hidden_inputs().as_bytes(), &merchant()).unwrap();
    assert_eq!((browser.outcome(), browser.message.as_str()), (Outcome::Paid, "Succeeded"));

    let server = world.shop.receive().await;
    assert_eq!(server.path, "/notify");
    let notice = server.payment();
    let fields: Vec<_> =
        notice.fields().iter().filter(|(name, _)| *name != "CheckMacValue").collect();
    let trade_no = browser.trade_no.as_str();
    assert_eq!(
        fields,
        [
            ("CustomField1", ""),
            ("CustomField2", ""),
            ("CustomField3", ""),
            ("CustomField4", ""),
            ("MerchantID", "3002607"),
            ("MerchantTradeNo", "CARD1"),
            ("PaymentDate", "2026/01/02 12:00:00"),
            ("PaymentType", "Credit_CreditCard"),
            ("PaymentTypeChargeFee", "55"),
            ("RtnCode", "1"),
            ("RtnMsg", "交易成功"),
            ("SimulatePaid", "0"),
            ("StoreID", ""),
            ("TradeAmt", "1990"),
            ("TradeDate", "2026/01/02 12:00:00"),
            ("TradeNo", trade_no),
        ]
    );

    // Coming back to the cashier pays nothing twice.
    let url = world.url(&format!("/Cashier/Pay/{trade_no}/3d"));
    let again = world.post_form(&url, "otp=1234".into()).await;
    assert!(again.path.ends_with("/result"));
    let again = world.get(&format!("/Cashier/Pay/{trade_no}")).await;
    assert!(again.path.ends_with("/result"));
    world.shop.receives_nothing_for(Duration::from_millis(100)).await;
    world.close().await;
}

#[tokio::test]
async fn only_test_cards_and_the_right_code_are_taken() {
    let mut world = World::new().await;
    world.card_order("CARD2").await;
    for bad in [
        "card_number=4111-1111-1111-1111&expiry=12%2F29&cvc=222",
        "card_number=4311952222222222&expiry=12%2F25&cvc=222",
        "card_number=4311952222222222&expiry=12%2F29&cvc=22",
        "",
    ] {
        let page = enter_card(&world, "CARD2", bad).await;
        assert!(page.has("sim-problem") && page.has("sim-pay"), "{bad}");
        assert!(!page.text.contains("4111"), "a card number is never shown again");
    }
    let page = enter_card(&world, "CARD2", CARD).await;
    let page = world.post_form(&world.url(&page.path), "otp=0000".into()).await;
    assert!(page.has("sim-problem") && page.has("sim-3d-confirm"));
    assert_eq!(world.trade("CARD2").await["status"], json!("created"));

    let page = world.post_form(&world.url(&page.path), "otp=1234&refuse=1".into()).await;
    assert!(page.text.contains("付款失敗") && page.text.contains("10200043"), "{}", page.text);
    let notice = world.shop.receive().await.payment();
    assert_eq!(notice.outcome(), Outcome::Failed { code: 10_200_043 });
    world.close().await;
}

#[tokio::test]
async fn a_declined_buyer_may_try_again_with_the_same_number() {
    let mut world = World::new().await;
    let back = world.shop.url("/orders/1");
    let checkout = world.checkout("CARD3", Method::credit()).client_back_url(back.clone());
    let page = world.enter(&checkout).await;
    assert!(
        page.text.contains(&format!("href=\"{}\"", back.replace('/', "&#x2f;")))
            || page.text.contains(&back)
    );

    let page = world.post_form(&world.url(&format!("{}/fail", page.path)), String::new()).await;
    assert!(page.has("sim-back") && page.has("sim-retry"), "{}", page.text);
    let notice = world.shop.receive().await.payment();
    assert_eq!(notice.outcome(), Outcome::Failed { code: 10_100_058 });
    assert_eq!((notice.amount, notice.paid_at), (1990, None));
    assert_eq!(world.trade("CARD3").await["status"], json!("failed"));

    let page = enter_card(&world, "CARD3", CARD).await;
    let page = world.post_form(&world.url(&page.path), "otp=1234".into()).await;
    assert!(page.text.contains("付款成功") && page.has("sim-back"), "{}", page.text);
    assert_eq!(world.shop.receive().await.payment().outcome(), Outcome::Paid);
    assert_eq!(world.trade("CARD3").await["status"], json!("paid"));
    world.close().await;
}

#[tokio::test]
async fn walking_away_tells_the_shop_nothing() {
    let mut world = World::new().await;
    world.card_order("CARD4").await;
    let pay_page = world.trade("CARD4").await["pay_page"].as_str().unwrap().to_owned();
    let page = world.get(&format!("{pay_page}/cancelled")).await;
    assert!(page.text.contains("已取消付款"), "{}", page.text);
    world.shop.receives_nothing_for(Duration::from_millis(100)).await;
    assert_eq!(world.get("/Cashier/Pay/nothing").await.status, 404);
    assert!(world.get("/").await.text.contains("CARD4"));
    world.close().await;
}
