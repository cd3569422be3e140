//! What the cashier refuses.

use ecpay::{CHECK_MAC_VALUE, Merchant, to_form_body};

use crate::{Page, World, merchant};

type Fields = Vec<(&'static str, String)>;
type Pair = (&'static str, &'static str);

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
        ("ChoosePayment", "BNPL", 10_300_023),
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
    let hidden = "Credit#WebATM#ATM#CVS#BARCODE#ApplePay#TWQR";
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

#[tokio::test]
async fn each_method_has_rules_of_its_own() {
    let world = World::new().await;
    let recurring: &[(&str, &str)] =
        &[("PeriodAmount", "1990"), ("PeriodType", "M"), ("Frequency", "1"), ("ExecTimes", "12")];
    let cases: &[(&str, &[Pair], u32)] = &[
        ("ATM", &[("ChooseSubPayment", "SEVEN")], 99_990_005),
        ("WebATM", &[("ChooseSubPayment", "TACHONG")], 99_990_005),
        ("CVS", &[("ChooseSubPayment", "ESUN")], 99_990_005),
        ("Credit", &[("ChooseSubPayment", "ESUN")], 99_990_005),
        ("ALL", &[("ChooseSubPayment", "ESUN")], 99_990_005),
        ("ALL", &[("IgnorePayment", "DigitalPayment")], 99_990_005),
        ("ALL", &[("IgnorePayment", "CVS#Cheque")], 99_990_005),
        ("ATM", &[("ExpireDate", "0")], 99_990_005),
        ("CVS", &[("StoreExpireDate", "1.5")], 99_990_005),
        ("Credit", &[("BindingCard", "1"), ("MerchantMemberID", "7")], 99_990_005),
        ("Credit", &[("BindingCard", "1"), ("MerchantMemberID", "3002607")], 99_990_005),
        ("Credit", &[("Redeem", "Y"), ("CreditInstallment", "3")], 99_990_008),
        ("Credit", &[("UnionPay", "1"), ("CreditInstallment", "3")], 99_990_008),
        ("Credit", &[("UnionPay", "1"), ("Redeem", "Y")], 99_990_008),
        ("Credit", &[("PeriodType", "M")], 99_990_003),
        ("Credit", &[("InvoiceMark", "Y")], 99_990_005),
        ("Credit", &[("StoreID", "a-1")], 99_990_005),
        ("Credit", &[("Remark", "a%26b")], 10_200_073),
        ("Credit", &[("Remark", "%3cb")], 10_200_073),
    ];
    for (method, more, code) in cases {
        let mut fields = with(sound(&world), "ChoosePayment", method);
        for (name, value) in *more {
            fields = with(fields, name, value);
        }
        assert_refused(&post(&world, &fields, &merchant()).await, *code, &format!("{more:?}"));
    }
    let mut period = sound(&world);
    for (name, value) in recurring {
        period = with(period, name, value);
    }
    for (name, value, code) in [
        ("PeriodAmount", "1991", 99_990_008),
        ("PeriodType", "W", 99_990_005),
        ("Frequency", "13", 99_990_005),
        ("ExecTimes", "1", 99_990_005),
        ("ExecTimes", "100", 99_990_005),
        ("ChoosePayment", "ATM", 99_990_008),
        ("CreditInstallment", "3", 99_990_008),
        ("UnionPay", "1", 99_990_008),
    ] {
        let page = post(&world, &with(period.clone(), name, value), &merchant()).await;
        assert_refused(&page, code, &format!("{name}={value}"));
    }
    assert_eq!(post(&world, &period, &merchant()).await.status, 200);
    world.close().await;
}

#[tokio::test]
async fn amounts_have_limits_that_can_be_set() {
    let limits = [(ecpay_simulator::Method::Cvs, 30..=20_000)].into();
    let config = ecpay_simulator::Config { limits, ..ecpay_simulator::Config::default() };
    let world = World::with(config).await;
    for (at, (method, amount, taken)) in [
        ("Credit", "4", false),
        ("Credit", "5", true),
        ("Credit", "199999", true),
        ("Credit", "200000", false),
        ("ATM", "10", false),
        ("ATM", "49999", true),
        ("BARCODE", "20001", false),
        ("CVS", "29", false),
        ("CVS", "20000", true),
        ("TWQR", "1", true),
    ]
    .into_iter()
    .enumerate()
    {
        let fields = with(sound(&world), "MerchantTradeNo", &format!("AMOUNT{at}"));
        let fields = with(with(fields, "ChoosePayment", method), "TotalAmount", amount);
        let page = post(&world, &fields, &merchant()).await;
        if taken {
            assert_eq!(page.status, 200, "{method} {amount}");
        } else {
            assert_refused(&page, 99_990_009, &format!("{method} {amount}"));
        }
    }
    // With a choice, what does not fit is not offered.
    let fields = with(with(sound(&world), "ChoosePayment", "ALL"), "TotalAmount", "60000");
    let page = post(&world, &fields, &merchant()).await;
    assert!(page.has("sim-method-Credit") && page.has("sim-method-TWQR"));
    assert!(!page.has("sim-method-ATM") && !page.has("sim-method-CVS"));
    world.close().await;
}

/// Whole forms as ECPay's own Python library makes them.
#[tokio::test]
async fn forms_of_the_official_library_pass() {
    let config = ecpay_simulator::Config {
        methods: ecpay_simulator::Method::ALL.to_vec(),
        ..ecpay_simulator::Config::default()
    };
    let world = World::with(config).await;
    let vectors: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../vectors/check_mac_value.json")).unwrap();
    let mut passed = 0;
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let refused = match name {
            // An invoice along with the payment, a charge other than the total, a method that is no
            // more, an amount too small.
            "pysdk_create_order_credit_invoice_b2b" => Some(99_990_005),
            "pysdk_create_order_credit_period" => Some(99_990_008),
            "pysdk_create_order_googlepay" => Some(10_300_023),
            "pysdk_create_order_bnpl" => Some(10_200_105),
            _ if name.starts_with("pysdk_create_order_") => None,
            _ => continue,
        };
        let mut fields: Vec<(&str, &str)> = vector["params"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        fields.push((CHECK_MAC_VALUE, vector["check_mac_value"].as_str().unwrap()));
        let page = world.post_form(&world.environment.checkout_url(), to_form_body(fields)).await;
        if let Some(code) = refused {
            assert_refused(&page, code, name);
            continue;
        }
        assert_eq!(page.status, 200, "{name}: {}", page.text);
        passed += 1;
        // They all have the same number.
        world.reset().await;
    }
    assert_eq!(passed, 8);
    world.close().await;
}
