use jiff::SignedDuration;

use super::*;
use crate::{PaymentStatus, TradeNo};

fn client() -> Client {
    let merchant = ecpay::Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").unwrap();
    Client::new(merchant, ecpay::Environment::Stage, ecpay::ClientOptions::default()).unwrap()
}

/// Noon in Taipei.
fn begun() -> Timestamp {
    "2026-06-01T04:00:00Z".parse().unwrap()
}

fn attempt(method: &str, minutes: i64) -> Payment {
    Payment {
        id: uuid::Uuid::from_u128(1).into(),
        order: uuid::Uuid::from_u128(2).into(),
        trade_no: TradeNo::parse("01ABCDEFGH0123456789").unwrap(),
        provider: NAME.into(),
        method: method.into(),
        amount: Money::twd(1990).unwrap(),
        status: PaymentStatus::Pending,
        provider_trade_no: None,
        kept: true,
        created_at: begun(),
        paid_at: None,
        pay_until: Some(begun() + SignedDuration::from_mins(minutes)),
        code: None,
        card_auth_no: None,
        received: Money::ZERO,
        askable: true,
        answered_at: None,
    }
}

/// What the browser posts.
fn fields(attempt: &Payment, locale: Locale) -> Result<Vec<(String, String)>, ProviderError> {
    let provider = EcpayProvider::new(client(), EcpayOptions::default());
    let ask = PaymentAsk {
        number: "260601-K7M3-9QWD-2XAB",
        items: vec!["托特包 x 1".into()],
        locale,
        public_url: "https://shop.example",
        order_url: "https://shop.example/orders/1",
        instalments: &[3, 12, 30],
    };
    match provider.begin(attempt, &ask)? {
        Instruction::Redirect { action, fields } => {
            assert_eq!(action, "https://payment-stage.ecpay.com.tw/Cashier/AioCheckOut/V5");
            Ok(fields)
        }
        other => panic!("{other:?}"),
    }
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[test]
fn every_method_is_described_to_ecpay() {
    for (method, minutes, expected) in [
        ("ecpay_credit", 30, vec![("ChoosePayment", "Credit")]),
        (
            "ecpay_instalments",
            30,
            vec![("ChoosePayment", "Credit"), ("CreditInstallment", "3,12,30N")],
        ),
        ("ecpay_apple_pay", 30, vec![("ChoosePayment", "ApplePay")]),
        ("ecpay_twqr", 30, vec![("ChoosePayment", "TWQR")]),
        ("ecpay_webatm", 30, vec![("ChoosePayment", "WebATM")]),
        ("ecpay_atm", 5760, vec![("ChoosePayment", "ATM"), ("ExpireDate", "3")]),
        ("ecpay_cvs", 4320, vec![("ChoosePayment", "CVS"), ("StoreExpireDate", "4320")]),
        ("ecpay_barcode", 4320, vec![("ChoosePayment", "BARCODE"), ("StoreExpireDate", "3")]),
    ] {
        let fields = fields(&attempt(method, minutes), Locale::ZhTw).unwrap();
        for (name, value) in expected {
            assert_eq!(field(&fields, name), Some(value), "{method}");
        }
        let (info, result) = ("PaymentInfoURL", "OrderResultURL");
        let delayed = is_delayed(method);
        assert_eq!(field(&fields, info).is_some(), delayed, "{method}");
        assert_eq!(field(&fields, result).is_some(), !delayed, "{method}");
        assert_eq!(field(&fields, "MerchantTradeNo"), Some("01ABCDEFGH0123456789"));
        assert_eq!(field(&fields, "TotalAmount"), Some("1990"));
        assert_eq!(field(&fields, "MerchantTradeDate"), Some("2026/06/01 12:00:00"));
        assert_eq!(field(&fields, "NeedExtraPaidInfo"), Some("Y"));
        assert_eq!(field(&fields, "Language"), None);
        assert_eq!(fields, self::fields(&attempt(method, minutes), Locale::ZhTw).unwrap());
    }
    let english = fields(&attempt("ecpay_credit", 30), Locale::En).unwrap();
    assert_eq!(field(&english, "Language"), Some("ENG"));
}

#[test]
fn a_code_never_outlives_what_is_held_for_it() {
    // From noon on the first: the account's last day has to end before the time is over.
    for (minutes, days) in [
        (5760, Some("3")),
        // To midnight after the second day: that day is the last one.
        (36 * 60, Some("1")),
        (36 * 60 - 1, None),
        (12 * 60, None),
        (0, None),
        (90 * 24 * 60, Some("60")),
    ] {
        let described = fields(&attempt("ecpay_atm", minutes), Locale::ZhTw);
        match days {
            Some(days) => assert_eq!(field(&described.unwrap(), "ExpireDate"), Some(days)),
            None => assert!(matches!(described, Err(ProviderError::Unfit(_))), "{minutes}"),
        }
    }
    for (method, minutes, expected) in [
        ("ecpay_cvs", 1, Some("1")),
        ("ecpay_cvs", 0, None),
        ("ecpay_cvs", 90_000, Some("43200")),
        ("ecpay_barcode", 2 * 1440 - 1, Some("1")),
        ("ecpay_barcode", 1440 - 1, None),
        ("ecpay_barcode", 90 * 1440, Some("30")),
    ] {
        let described = fields(&attempt(method, minutes), Locale::ZhTw);
        match expected {
            Some(_) => assert_eq!(field(&described.unwrap(), "StoreExpireDate"), expected),
            None => assert!(matches!(described, Err(ProviderError::Unfit(_))), "{minutes}"),
        }
    }
}

#[test]
fn what_ecpay_cannot_charge_is_refused_and_not_cut() {
    let too_much = Money::twd(i64::from(u32::MAX) + 1).unwrap();
    let attempt = Payment { amount: too_much, ..attempt("ecpay_credit", 30) };
    assert!(matches!(fields(&attempt, Locale::ZhTw), Err(ProviderError::Unfit(_))));
    let nobodys = Payment { method: "gold".into(), ..self::attempt("ecpay_credit", 30) };
    assert!(matches!(fields(&nobodys, Locale::ZhTw), Err(ProviderError::Unfit(_))));
}
