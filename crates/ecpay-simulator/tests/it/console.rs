//! A person playing the bank, the store and ECPay's back office.

use ecpay::{Atm, Barcode, Method, Outcome};
use serde_json::json;

use crate::{Page, World};

async fn press(world: &World, page: &Page, button: &str) -> Page {
    world.post_form(&world.url(&page.path), format!("do={button}")).await
}

async fn console(world: &World, number: &str) -> Page {
    let page = world.trade(number).await["control_page"].as_str().expect("a page").to_owned();
    world.get(&page).await
}

#[tokio::test]
async fn a_code_is_paid_at_the_counter() {
    let mut world = World::new().await;
    let page = world.enter(&world.checkout("O1", Method::Atm(Atm::default()))).await;
    let waiting = console(&world, "O1").await;
    assert!(!waiting.has("sim-counter-pay"), "no code yet");
    let code =
        world.post_form(&world.url(&format!("{}/issue", page.path)), "method=ATM".into()).await;
    let link = world.trade("O1").await["control_page"].as_str().unwrap().to_owned();
    assert!(code.has("sim-counter") && crate::unescape(&code.text).contains(&link));
    let counter = console(&world, "O1").await;
    let paid = press(&world, &counter, "pay").await;
    assert!(paid.text.contains("data-state=\"paid\""), "{}", paid.text);
    assert!(!paid.has("sim-counter-pay") && paid.has("sim-notices"));
    assert_eq!(world.shop.receive().await.payment().outcome(), Outcome::Paid);

    world.notice_in_state("O1", "acknowledged").await;
    press(&world, &paid, "redeliver").await;
    assert_eq!(world.shop.receive().await.payment().outcome(), Outcome::Paid);
    let refused = press(&world, &paid, "pay").await;
    assert_eq!(refused.status, 409);
    assert!(refused.has("sim-problem"));
    assert_eq!(press(&world, &paid, "dance").await.status, 400);
    world.close().await;
}

#[tokio::test]
async fn the_back_office_can_pretend() {
    let mut world = World::new().await;
    world.card_order("O2").await;
    let page = console(&world, "O2").await;
    press(&world, &page, "simulate").await;
    let notice = world.shop.receive().await.payment();
    assert!(notice.simulated && notice.outcome() == Outcome::Paid);
    let trade = world.trade("O2").await;
    assert_eq!((&trade["status"], &trade["card"]), (&json!("created"), &json!(null)));
    press(&world, &page, "fail").await;
    let failed = world.shop.receive().await.payment().outcome();
    assert_eq!(failed, Outcome::Failed { code: 10_100_058 });
    world.close().await;
}

#[tokio::test]
async fn an_expired_code_is_not_taken() {
    let mut world = World::new().await;
    let page = world.enter(&world.checkout("O3", Method::Barcode(Barcode::default()))).await;
    let code =
        world.post_form(&world.url(&format!("{}/issue", page.path)), "method=BARCODE".into()).await;
    assert_eq!(code.text.matches("<svg").count(), 3, "three bar codes are drawn");
    assert_eq!(code.text.matches("data-testid=\"sim-code\"").count(), 3);
    world.advance(7 * 86_400 + 1).await;
    let counter = console(&world, "O3").await;
    assert!(!counter.has("sim-counter-pay"));
    assert_eq!(press(&world, &counter, "pay").await.status, 409);
    world.shop.receives_nothing_for(std::time::Duration::from_millis(50)).await;
    world.close().await;
}

#[tokio::test]
async fn orders_and_days_are_made_on_the_first_page() {
    let world = World::new().await;
    let form = "method=ALL&amount=1000".to_owned();
    let page = world.post_form(&world.url("/console/orders"), form).await;
    assert!(page.path.starts_with("/Cashier/Pay/") && page.has("sim-pay"), "{}", page.text);
    let refused =
        world.post_form(&world.url("/console/orders"), "method=CVS&amount=1".into()).await;
    assert_eq!(refused.status, 422);
    let index = world.post_form(&world.url("/console/clock"), String::new()).await;
    let text = crate::unescape(&index.text);
    assert!(index.path == "/" && text.contains("2026/01/03 12:00:00"), "{text}");
    assert_eq!(world.get("/console/nothing").await.status, 404);
    world.close().await;
}
