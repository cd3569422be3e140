//! Notices and query replies, genuine and otherwise.

use ecpay::{
    CHECK_MAC_VALUE, CodeNotice, Environment, FormError, Merchant, MerchantTradeNo, NoticeError,
    Outcome, PaymentCode, PaymentNotice, QueryError, TradeInfo, TradeInfoQuery, TradeStatus,
    to_form_body,
};

use crate::merchant;

type Pairs = Vec<(&'static str, &'static str)>;

/// The example of the manual, without its signature.
fn paid() -> Pairs {
    vec![
        ("CustomField1", ""),
        ("CustomField2", ""),
        ("CustomField3", ""),
        ("CustomField4", ""),
        ("MerchantID", "3002607"),
        ("MerchantTradeNo", "D9RMXNrihUYM"),
        ("PaymentDate", "2024/12/31 12:26:09"),
        ("PaymentType", "Credit_CreditCard"),
        ("PaymentTypeChargeFee", "10"),
        ("RtnCode", "1"),
        ("RtnMsg", "交易成功"),
        ("SimulatePaid", "0"),
        ("StoreID", ""),
        ("TradeAmt", "402"),
        ("TradeDate", "2024/12/31 12:25:43"),
        ("TradeNo", "2412311225437371"),
    ]
}

fn with(pairs: &[(&'static str, &'static str)], name: &str, value: &'static str) -> Pairs {
    let mut pairs = pairs.to_vec();
    match pairs.iter_mut().find(|(known, _)| *known == name) {
        Some(pair) => pair.1 = value,
        None => panic!("no {name}"),
    }
    pairs
}

fn without(pairs: &[(&'static str, &'static str)], name: &str) -> Pairs {
    pairs.iter().copied().filter(|(known, _)| *known != name).collect()
}

fn body(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mac = merchant().sign(pairs.iter().copied());
    let signed = pairs.iter().copied().chain([(CHECK_MAC_VALUE, mac.as_str())]);
    to_form_body(signed).into_bytes()
}

fn verify(pairs: &[(&str, &str)]) -> Result<PaymentNotice, NoticeError> {
    PaymentNotice::verify(&body(pairs), &merchant())
}

#[test]
fn the_manuals_notice_is_believed() {
    let mac = "85D927637935683EA756CDEF76498FEB9F5D098A7A1AC4F0CB3B3609A9D4116A";
    let raw = to_form_body(paid().into_iter().chain([(CHECK_MAC_VALUE, mac)]));
    let notice = PaymentNotice::verify(raw.as_bytes(), &merchant()).unwrap();
    assert_eq!(notice.merchant_trade_no.as_str(), "D9RMXNrihUYM");
    assert_eq!(notice.trade_no, "2412311225437371");
    assert_eq!(notice.outcome(), Outcome::Paid);
    assert_eq!(notice.message, "交易成功");
    assert_eq!(notice.amount, 402);
    assert_eq!(notice.payment_type, "Credit_CreditCard");
    assert_eq!(notice.paid_at, Some("2024-12-31T04:26:09Z".parse().unwrap()));
    assert_eq!(notice.traded_at, Some("2024-12-31T04:25:43Z".parse().unwrap()));
    assert!(!notice.simulated);
    assert_eq!(notice.custom_field(1), None);
    assert_eq!(notice.fields().get("PaymentTypeChargeFee"), Some("10"));
}

#[test]
fn unknown_fields_are_signed_too() {
    let mut pairs = paid();
    pairs.push(("FieldOfTomorrow", "x"));
    assert_eq!(verify(&pairs).unwrap().fields().get("FieldOfTomorrow"), Some("x"));

    let mut raw = body(&paid());
    raw.extend_from_slice(b"&FieldOfTomorrow=x");
    assert_eq!(PaymentNotice::verify(&raw, &merchant()), Err(NoticeError::BadSignature));
}

#[test]
fn failures_and_simulations_say_so() {
    let failed = verify(&with(&paid(), "RtnCode", "10100058")).unwrap();
    assert_eq!(failed.outcome(), Outcome::Failed { code: 10_100_058 });
    let failed = verify(&with(&with(&paid(), "RtnCode", "0"), "PaymentDate", "")).unwrap();
    assert_eq!((failed.outcome(), failed.paid_at), (Outcome::Failed { code: 0 }, None));

    assert!(verify(&with(&paid(), "SimulatePaid", "1")).unwrap().simulated);
    assert!(!verify(&without(&paid(), "SimulatePaid")).unwrap().simulated);
}

#[test]
fn tampering_with_any_field_is_noticed() {
    let mac = merchant().sign(paid());
    for (name, _) in paid() {
        let changed = with(&paid(), name, "9");
        let raw = to_form_body(changed.into_iter().chain([(CHECK_MAC_VALUE, mac.as_str())]));
        assert_eq!(
            PaymentNotice::verify(raw.as_bytes(), &merchant()),
            Err(NoticeError::BadSignature),
            "{name} changed"
        );
        let removed = without(&paid(), name);
        let raw = to_form_body(removed.into_iter().chain([(CHECK_MAC_VALUE, mac.as_str())]));
        assert_eq!(
            PaymentNotice::verify(raw.as_bytes(), &merchant()),
            Err(NoticeError::BadSignature),
            "{name} removed"
        );
    }
}

/// `SimulatePaid` folded into the message before it: the text that is signed stays the same.
#[test]
fn a_field_cannot_hide_in_another() {
    let genuine = with(&paid(), "SimulatePaid", "1");
    let mac = merchant().sign(genuine.iter().copied());
    let folded = without(&with(&genuine, "RtnMsg", "交易成功&SimulatePaid=1"), "SimulatePaid");
    assert_eq!(merchant().sign(folded.iter().copied()), mac, "the signature cannot tell");
    let raw = to_form_body(folded.into_iter().chain([(CHECK_MAC_VALUE, mac.as_str())]));
    assert_eq!(
        PaymentNotice::verify(raw.as_bytes(), &merchant()),
        Err(NoticeError::Ambiguous("RtnMsg".into()))
    );
}

#[test]
fn other_merchants_keys_and_numbers_are_refused() {
    let other = Merchant::new("3002607", "spPjZn66i0OhqJsQ", "hT5OJckN45isQTTs").unwrap();
    assert_eq!(PaymentNotice::verify(&body(&paid()), &other), Err(NoticeError::BadSignature));
    assert_eq!(
        verify(&with(&paid(), "MerchantID", "2000132")),
        Err(NoticeError::WrongMerchant("2000132".into()))
    );
    assert_eq!(verify(&without(&paid(), "MerchantID")), Err(NoticeError::Missing("MerchantID")));
}

#[test]
fn what_cannot_be_read_is_refused() {
    assert_eq!(
        PaymentNotice::verify(to_form_body(paid()).as_bytes(), &merchant()),
        Err(NoticeError::Unsigned)
    );
    let mut twice = body(&paid());
    twice.extend_from_slice(b"&RtnCode=1");
    assert_eq!(
        PaymentNotice::verify(&twice, &merchant()),
        Err(NoticeError::Form(FormError::Duplicate("RtnCode".into())))
    );
    for (name, value) in [
        ("RtnCode", "one"),
        ("RtnCode", "+1"),
        ("RtnCode", ""),
        ("TradeAmt", "402.0"),
        ("TradeAmt", "-402"),
        ("TradeAmt", "99999999999"),
        ("SimulatePaid", "yes"),
        ("PaymentDate", "2024-12-31"),
        ("MerchantTradeNo", "no spaces!"),
    ] {
        let error = verify(&with(&paid(), name, value)).unwrap_err();
        assert!(matches!(error, NoticeError::Malformed(field) if field == name), "{name}: {error}");
    }
    for name in ["RtnCode", "TradeAmt", "MerchantTradeNo"] {
        assert!(matches!(
            verify(&without(&paid(), name)),
            Err(NoticeError::Missing(field)) if field == name
        ));
    }
}

fn code(specific: &[(&'static str, &'static str)]) -> Result<CodeNotice, NoticeError> {
    let mut pairs = vec![
        ("MerchantID", "3002607"),
        ("MerchantTradeNo", "A1"),
        ("RtnMsg", "Get"),
        ("TradeAmt", "100"),
        ("TradeNo", "2204081753086470"),
        ("PaymentType", "X"),
    ];
    pairs.extend_from_slice(specific);
    CodeNotice::verify(&body(&pairs), &merchant())
}

#[test]
fn codes_of_the_three_delayed_methods() {
    let atm = code(&[
        ("RtnCode", "2"),
        ("BankCode", "808"),
        ("vAccount", "9103522175887271"),
        ("ExpireDate", "2026/10/03"),
    ])
    .unwrap();
    assert_eq!(
        atm.payment_code,
        Some(PaymentCode::Atm {
            bank_code: "808".into(),
            account: "9103522175887271".into(),
            expires_on: jiff::civil::date(2026, 10, 3),
        })
    );
    let cvs = code(&[
        ("RtnCode", "10100073"),
        ("PaymentNo", "LLL22098722826"),
        ("ExpireDate", "2022/04/15 17:53:13"),
    ])
    .unwrap();
    let expires_at = "2022-04-15T09:53:13Z".parse().unwrap();
    assert_eq!(
        cvs.payment_code,
        Some(PaymentCode::Cvs { payment_no: "LLL22098722826".into(), expires_at })
    );
    let barcode = code(&[
        ("RtnCode", "10100073"),
        ("PaymentNo", ""),
        ("Barcode1", "1"),
        ("Barcode2", "2"),
        ("Barcode3", "3"),
        ("ExpireDate", "2022/04/15 17:53:13"),
    ])
    .unwrap();
    let segments = ["1".into(), "2".into(), "3".into()];
    assert_eq!(barcode.payment_code, Some(PaymentCode::Barcode { segments, expires_at }));

    assert_eq!(code(&[("RtnCode", "0")]).unwrap().payment_code, None);
    assert_eq!(
        code(&[("RtnCode", "10100073"), ("PaymentNo", "L")]).unwrap_err(),
        NoticeError::Missing("ExpireDate")
    );
}

#[test]
fn a_query_says_when_it_was_made() {
    let number = MerchantTradeNo::new("ORD20260927D300D").unwrap();
    let query = TradeInfoQuery::new(
        &number,
        "2026-09-27T08:30:59Z".parse().unwrap(),
        &merchant(),
        &Environment::Production,
    );
    assert_eq!(query.url, "https://payment.ecpay.com.tw/Cashier/QueryTradeInfo/V5");
    let start =
        "MerchantID=3002607&MerchantTradeNo=ORD20260927D300D&TimeStamp=1790497859&CheckMacValue=";
    assert!(query.body.starts_with(start), "{}", query.body);
    assert_eq!(query.body.len(), start.len() + 64);
}

/// Captured from ECPay's stage servers.
const PAID_REPLY: &str = "CustomField1=&CustomField2=&CustomField3=&CustomField4=&HandlingCharge=60\
    &ItemName=粉色玫瑰花束 x1#紫色鬱金香盆栽 x1&MerchantID=3002607\
    &MerchantTradeNo=ORD20260927D300D&PaymentDate=2026/09/27 16:30:59\
    &PaymentType=Credit_CreditCard&PaymentTypeChargeFee=61&StoreID=&TradeAmt=2430\
    &TradeDate=2026/09/27 16:28:39&TradeNo=2609271628390061&TradeStatus=1\
    &CheckMacValue=A75D7DC7111B63171B25659CD256D8B0BEE62F85D003F6E8B1C9D79F0567E388";
const UNPAID_REPLY: &str = "CustomField1=&CustomField2=&CustomField3=&CustomField4=\
    &HandlingCharge=0&ItemName=A%41 B+C 50% x1#玫瑰&MerchantID=3002607\
    &MerchantTradeNo=CMVT1790500783393&PaymentDate=&PaymentType=&PaymentTypeChargeFee=0&StoreID=\
    &TradeAmt=100&TradeDate=2026/09/27 17:19:43&TradeNo=2609271719430090&TradeStatus=0\
    &CheckMacValue=A4CB290D6DEC3243B24F8D2DC18F6F88EDA20EA79636A2DF1028CAEF7AD3294A";

#[test]
fn captured_replies_are_believed() {
    let number = MerchantTradeNo::new("ORD20260927D300D").unwrap();
    let info = TradeInfo::verify(PAID_REPLY.as_bytes(), &merchant(), &number).unwrap();
    assert_eq!(info.status, TradeStatus::Paid);
    assert!(info.is_paid(2430) && !info.is_paid(2431));
    assert_eq!(info.trade_no, "2609271628390061");
    assert_eq!(info.paid_at, Some("2026-09-27T08:30:59Z".parse().unwrap()));

    let number = MerchantTradeNo::new("CMVT1790500783393").unwrap();
    let info = TradeInfo::verify(UNPAID_REPLY.as_bytes(), &merchant(), &number).unwrap();
    assert_eq!(info.status, TradeStatus::Unpaid);
    assert!(!info.is_paid(100));
    assert_eq!(info.fields().get("ItemName"), Some("A%41 B+C 50% x1#玫瑰"));
}

#[test]
fn an_unknown_order_has_a_signed_answer_too() {
    let merchant = Merchant::new("2000132", "5294y06JbISpM5x9", "v77hoKGq4kWxNNIS").unwrap();
    let reply = "HandlingCharge=0&ItemName=&MerchantID=2000132&MerchantTradeNo=nulltrade\
        &PaymentDate=&PaymentType=&PaymentTypeChargeFee=0&TradeAmt=0&TradeDate=&TradeNo=&TradeStatus=10200047\
        &CheckMacValue=F7BED9900000631D42C006DFBC11D66BF00477266F1E83BB27D0EC374785F38E";
    let number = MerchantTradeNo::new("nulltrade").unwrap();
    let info = TradeInfo::verify(reply.as_bytes(), &merchant, &number).unwrap();
    assert_eq!(info.status, TradeStatus::NotFound);
}

#[test]
fn replies_that_prove_nothing_are_errors() {
    let number = MerchantTradeNo::new("ORD20260927D300D").unwrap();
    assert!(matches!(
        TradeInfo::verify(b"0|TimeStamp Is Expired", &merchant(), &number),
        Err(QueryError::Reply(NoticeError::Form(FormError::Malformed)))
    ));
    let forged = PAID_REPLY.replace("TradeAmt=2430", "TradeAmt=9999");
    assert_eq!(
        TradeInfo::verify(forged.as_bytes(), &merchant(), &number),
        Err(QueryError::Reply(NoticeError::BadSignature))
    );
    let other = MerchantTradeNo::new("OTHER").unwrap();
    assert_eq!(
        TradeInfo::verify(PAID_REPLY.as_bytes(), &merchant(), &other),
        Err(QueryError::OtherOrder(number))
    );
}
