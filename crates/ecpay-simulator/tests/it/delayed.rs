//! ATM, CVS and BARCODE: a code now, the money later.

use std::time::Duration;

use ecpay::{Atm, Barcode, CodeNotice, CodeUrls, Cvs, Method, MethodName, Outcome, PaymentCode};
use serde_json::json;

use crate::{Page, World, merchant};

fn urls(world: &World) -> CodeUrls {
    CodeUrls { payment_info_url: Some(world.shop.url("/info")), client_redirect_url: None }
}

async fn issue(world: &World, number: &str, method: Method) -> Page {
    let name = method.name().expect("one method").as_str();
    let page = world.enter(&world.checkout(number, method)).await;
    assert!(page.has(&format!("sim-issue-{name}")), "{}", page.text);
    world.post_form(&world.url(&format!("{}/issue", page.path)), format!("method={name}")).await
}

#[tokio::test]
async fn a_virtual_account_is_issued_then_paid() {
    let mut world = World::new().await;
    let atm = Atm { bank: Some("ESUN".into()), expire_days: Some(5), urls: urls(&world) };
    let page = issue(&world, "D1", Method::Atm(atm)).await;
    assert!(page.has("sim-code") && page.path.ends_with("/code"), "{}", page.text);

    let received = world.shop.receive().await;
    assert_eq!(received.path, "/info");
    let notice = received.code();
    assert_eq!((notice.code, notice.payment_type.as_str(), notice.amount), (2, "ATM_ESUN", 1990));
    let Some(PaymentCode::Atm { bank_code, account, expires_on }) = notice.payment_code else {
        panic!("{:?}", notice.payment_code)
    };
    assert_eq!((bank_code.as_str(), account.len()), ("808", 16));
    assert_eq!(expires_on, jiff::civil::date(2026, 1, 7));
    assert!(page.text.contains(&account));
    assert_eq!(world.trade("D1").await["status"], json!("code_issued"));

    world.pay("D1").await;
    let notice = world.shop.receive().await.payment();
    assert_eq!((notice.outcome(), notice.payment_type.as_str()), (Outcome::Paid, "ATM_ESUN"));
    world.close().await;
}

#[tokio::test]
async fn store_codes_expire_in_their_own_units() {
    let mut world = World::new().await;
    let cvs = Cvs { expire_minutes: Some(90), urls: urls(&world), ..Cvs::default() };
    issue(&world, "D2", Method::Cvs(cvs)).await;
    let notice = world.shop.receive().await.code();
    assert_eq!(notice.code, 10_100_073);
    let Some(PaymentCode::Cvs { payment_no, expires_at }) = notice.payment_code else {
        panic!("{:?}", notice.payment_code)
    };
    assert_eq!(payment_no.len(), 14);
    assert_eq!(expires_at, "2026-01-02T05:30:00Z".parse().unwrap());

    let barcode = Barcode { expire_days: Some(1), urls: urls(&world), ..Barcode::default() };
    issue(&world, "D3", Method::Barcode(barcode)).await;
    let notice = world.shop.receive().await.code();
    let Some(PaymentCode::Barcode { segments, expires_at }) = notice.payment_code else {
        panic!("{:?}", notice.payment_code)
    };
    assert!(segments.iter().all(|segment| !segment.is_empty() && segment.len() <= 20));
    assert_eq!(expires_at, "2026-01-03T04:00:00Z".parse().unwrap());
    world.close().await;
}

#[tokio::test]
async fn the_browser_brings_the_code_when_asked_to() {
    let mut world = World::new().await;
    let urls =
        CodeUrls { payment_info_url: None, client_redirect_url: Some(world.shop.url("/code")) };
    let page = issue(&world, "D4", Method::Cvs(Cvs { urls, ..Cvs::default() })).await;
    let notice = CodeNotice::verify(page.hidden_inputs().as_bytes(), &merchant()).unwrap();
    assert!(matches!(notice.payment_code, Some(PaymentCode::Cvs { .. })));
    world.shop.receives_nothing_for(Duration::from_millis(50)).await;
    world.close().await;
}

#[tokio::test]
async fn a_choice_of_methods_without_the_hidden_ones() {
    let world = World::new().await;
    let hidden = vec![MethodName::Cvs, MethodName::Barcode];
    let page = world.enter(&world.checkout("D5", Method::All { hidden })).await;
    assert!(page.has("sim-method-Credit") && page.has("sim-method-ATM"));
    assert!(!page.has("sim-method-CVS") && !page.has("sim-method-BARCODE"));
    let (status, _) =
        world.control("/simulator/trades/D5/pay", Some(json!({ "method": "CVS" }))).await;
    assert_eq!(status, 409);
    world.close().await;
}
