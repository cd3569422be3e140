//! What the cashier refuses.

use ecpay::{CHECK_MAC_VALUE, Merchant, to_form_body};

use crate::{Page, World, merchant};

type Fields = Vec<(&'static str, String)>;

fn sound(world: &World) -> Fields {
    [
        ("MerchantID", "3002607"),
        ("MerchantTradeNo", "RULES1"),
        ("MerchantTradeDate", "2026/01/02 12:00:00"),
        ("PaymentType", "aio"),
        ("TotalAmount", "1990"),
        ("TradeDesc", "order"),
        ("ItemName", "cup"),
        ("ReturnURL", &world.shop.url("/notify")),
        ("ChoosePayment", "Credit"),
        ("EncryptType", "1"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

async fn post(world: &World, fields: &Fields, signer: &Merchant) -> Page {
    let pairs = || fields.iter().map(|(name, value)| (*name, value.as_str()));
    let mac = signer.sign(pairs());
    let body = to_form_body(pairs().chain([(CHECK_MAC_VALUE, mac.as_str())]));
    world.post_form(&world.environment.checkout_url(), body).await
}

fn with(mut fields: Fields, name: &'static str, value: &str) -> Fields {
    fields.retain(|(known, _)| *known != name);
    fields.push((name, value.to_owned()));
    fields
}

#[track_caller]
fn assert_refused(page: &Page, code: u32, case: &str) {
    assert_eq!(page.status, 400, "{case}");
    assert!(page.has("sim-error-code"), "{case}");
    assert!(page.text.contains(&format!(">{code}<")), "{case}: {}", page.text);
}

#[tokio::test]
async fn each_rule_refuses_its_form() {
    let world = World::new().await;
    let long = "x".repeat(401);
    let cases: [(&str, &str, u32); 36] = [
        ("MerchantID", "9999999", 99_990_002),
        ("MerchantTradeNo", "", 99_990_003),
        ("MerchantTradeNo", "A-1", 10_200_052),
        ("MerchantTradeNo", "A23456789012345678901", 99_990_004),
        ("MerchantTradeDate", "2026-01-02 12:00:00", 99_990_005),
        ("MerchantTradeDate", "2026/01/02", 99_990_005),
        ("PaymentType", "AIO", 99_990_005),
        ("EncryptType", "0", 99_990_005),
        ("TotalAmount", "0", 99_990_005),
        ("TotalAmount", "10.5", 99_990_005),
        ("TotalAmount", "-1", 99_990_005),
        ("TotalAmount", "01", 99_990_005),
        ("TotalAmount", "99999999999", 99_990_005),
        ("TradeDesc", "", 99_990_003),
        ("TradeDesc", "a\nb", 99_990_006),
        ("ItemName", &long, 99_990_004),
        ("ItemName", "<b>cup</b>", 99_990_006),
        ("ItemName", "Python book", 10_400_011),
        ("ReturnURL", "", 99_990_003),
        ("ReturnURL", "/notify", 99_990_007),
        ("ReturnURL", "http://x/a|b", 99_990_007),
        ("ReturnURL", "https://商店.example/", 99_990_007),
        ("ChoosePayment", "", 99_990_003),
        ("ChoosePayment", "TWQR", 10_300_023),
        ("ChoosePayment", "credit", 10_300_023),
        ("IgnorePayment", "CVS", 99_990_008),
        ("NeedExtraPaidInfo", "y", 99_990_005),
        ("Language", "FRA", 99_990_005),
        ("CustomField1", "a=b", 99_990_006),
        ("CustomField2", &long[..51], 99_990_004),
        ("HashKey", "k", 99_990_006),
        ("UnionPay", "3", 99_990_005),
        ("BindingCard", "1", 99_990_003),
        ("CreditInstallment", "5", 99_990_005),
        ("Remark", &long[..101], 99_990_004),
        ("OrderResultURL", &world.shop.url("/notify"), 99_990_008),
    ];
    for (name, value, code) in cases {
        let page = post(&world, &with(sound(&world), name, value), &merchant()).await;
        assert_refused(&page, code, &format!("{name}={value}"));
    }
    let hidden = "Credit#ATM#CVS#BARCODE";
    let fields = with(with(sound(&world), "ChoosePayment", "ALL"), "IgnorePayment", hidden);
    assert_refused(&post(&world, &fields, &merchant()).await, 10_300_023, "all hidden");
    for (method, field, value) in [
        ("ATM", "ExpireDate", "61"),
        ("CVS", "StoreExpireDate", "43201"),
        ("BARCODE", "StoreExpireDate", "31"),
    ] {
        let fields = with(with(sound(&world), "ChoosePayment", method), field, value);
        assert_refused(&post(&world, &fields, &merchant()).await, 99_990_005, method);
    }
    // None of all these burnt the number.
    assert_eq!(post(&world, &sound(&world), &merchant()).await.status, 200);
    world.close().await;
}

#[tokio::test]
async fn a_wrong_signature_is_refused_before_anything_else() {
    let world = World::new().await;
    let other = Merchant::new("3002607", "wrong", "keys").unwrap();
    assert_refused(&post(&world, &sound(&world), &other).await, 10_200_073, "other keys");
    let unsigned: Vec<_> = sound(&world);
    let body = to_form_body(unsigned.iter().map(|(name, value)| (*name, value.as_str())));
    let page = world.post_form(&world.environment.checkout_url(), body.clone()).await;
    assert_refused(&page, 10_200_073, "unsigned");
    let page =
        world.post_form(&world.environment.checkout_url(), format!("{body}&ItemName=x")).await;
    assert_refused(&page, 99_990_001, "twice");
    world.close().await;
}

#[tokio::test]
async fn a_number_is_good_once() {
    let world = World::new().await;
    assert_eq!(post(&world, &sound(&world), &merchant()).await.status, 200);
    assert_refused(&post(&world, &sound(&world), &merchant()).await, 10_300_028, "burnt");
    let fresh = with(sound(&world), "MerchantTradeNo", "RULES2");
    assert_eq!(post(&world, &fresh, &merchant()).await.status, 200);
    world.close().await;
}

#[tokio::test]
async fn unknown_parameters_pass_when_signed() {
    let world = World::new().await;
    let fields = with(sound(&world), "FieldOfTomorrow", "x");
    assert_eq!(post(&world, &fields, &merchant()).await.status, 200);
    world.close().await;
}
