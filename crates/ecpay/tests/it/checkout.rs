//! Whole checkout forms.

use ecpay::{
    Atm, Barcode, BnplProvider, Checkout, CheckoutError, CheckoutForm, CodeUrls, Credit, Cvs,
    Environment, Instalment, Language, MerchantTradeNo, Method, MethodName, Order, UnionPay,
    Wallet,
};

use crate::merchant;

fn order() -> Order {
    Order {
        merchant_trade_no: MerchantTradeNo::new("ecpay20230312153023").expect("plain"),
        created_at: "2023-03-12T07:30:23Z".parse().expect("RFC 3339"),
        total_amount: 30_000,
        description: "促銷方案".into(),
        items: vec!["Apple iphone 15".into()],
        return_url: "https://www.ecpay.com.tw/receive.php".into(),
    }
}

fn sign(checkout: &Checkout) -> Result<CheckoutForm, CheckoutError> {
    checkout.sign(&merchant(), &Environment::Stage)
}

fn sign_method(method: Method) -> Result<CheckoutForm, CheckoutError> {
    sign(&Checkout::new(order(), method))
}

#[test]
fn the_manuals_example_to_the_letter() {
    let form = sign_method(Method::all()).unwrap();
    assert_eq!(form.action(), "https://payment-stage.ecpay.com.tw/Cashier/AioCheckOut/V5");
    let fields: Vec<_> = form.fields().collect();
    assert_eq!(
        fields,
        [
            ("MerchantID", "3002607"),
            ("MerchantTradeNo", "ecpay20230312153023"),
            ("MerchantTradeDate", "2023/03/12 15:30:23"),
            ("PaymentType", "aio"),
            ("TotalAmount", "30000"),
            ("TradeDesc", "促銷方案"),
            ("ItemName", "Apple iphone 15"),
            ("ReturnURL", "https://www.ecpay.com.tw/receive.php"),
            ("EncryptType", "1"),
            ("ChoosePayment", "ALL"),
            ("CheckMacValue", "6C51C9E6888DE861FD62FB1DD17029FC742634498FD813DC43D4243B5685B840"),
        ]
    );
}

#[test]
fn a_card_payment_with_everything() {
    let credit = Credit {
        union_pay: Some(UnionPay::Hidden),
        instalments: vec![Instalment::Three, Instalment::Flexible],
        member_id: Some("3002607member1".into()),
        ..Credit::default()
    };
    let form = sign(
        &Checkout::new(order(), Method::Credit(credit))
            .client_back_url("https://shop.example/orders/1")
            .order_result_url("https://shop.example/result?x=1&y=2")
            .item_url("https://shop.example/p/1")
            .remark("備註")
            .store_id("A1")
            .language(Language::English)
            .extra_paid_info()
            .custom_fields([Some("a & b".into()), None, None, Some("{1}".into())]),
    )
    .unwrap();
    for (name, value) in [
        ("ChoosePayment", "Credit"),
        ("UnionPay", "2"),
        ("CreditInstallment", "3,30N"),
        ("BindingCard", "1"),
        ("MerchantMemberID", "3002607member1"),
        ("ClientBackURL", "https://shop.example/orders/1"),
        ("OrderResultURL", "https://shop.example/result?x=1&y=2"),
        ("ItemURL", "https://shop.example/p/1"),
        ("Remark", "備註"),
        ("StoreID", "A1"),
        ("Language", "ENG"),
        ("NeedExtraPaidInfo", "Y"),
        ("CustomField1", "a & b"),
        ("CustomField4", "{1}"),
    ] {
        assert_eq!(form.get(name), Some(value), "{name}");
    }
    assert_eq!(form.get("CustomField2"), None);
    assert_eq!(form.get("PlatformID"), None);
    assert_eq!(form.fields().last().unwrap().0, "CheckMacValue");
    let mac = form.get("CheckMacValue").unwrap();
    assert!(merchant().verify(form.fields(), mac));
}

#[test]
fn the_store_methods_expire_in_their_own_units() {
    let urls = CodeUrls {
        payment_info_url: Some("https://shop.example/info".into()),
        client_redirect_url: None,
    };
    let atm = Atm { bank: Some("ESUN".into()), expire_days: Some(3), urls: urls.clone() };
    let form = sign_method(Method::Atm(atm)).unwrap();
    assert_eq!(form.get("ChooseSubPayment"), Some("ESUN"));
    assert_eq!(form.get("ExpireDate"), Some("3"));
    assert_eq!(form.get("PaymentInfoURL"), Some("https://shop.example/info"));

    let cvs = Cvs {
        expire_minutes: Some(43_200),
        lines: vec!["一".into(), "二".into()],
        ..Cvs::default()
    };
    let form = sign_method(Method::Cvs(cvs)).unwrap();
    assert_eq!(form.get("StoreExpireDate"), Some("43200"));
    assert_eq!(form.get("Desc_2"), Some("二"));

    let barcode = Barcode { expire_days: Some(31), ..Barcode::default() };
    assert_eq!(
        sign_method(Method::Barcode(barcode)),
        Err(CheckoutError::OutOfRange { field: "StoreExpireDate", value: 31, min: 1, max: 30 })
    );
    let atm = Atm { expire_days: Some(0), ..Atm::default() };
    assert_eq!(
        sign_method(Method::Atm(atm)),
        Err(CheckoutError::OutOfRange { field: "ExpireDate", value: 0, min: 1, max: 60 })
    );
}

#[test]
fn methods_can_be_hidden_from_the_choice() {
    let hidden = vec![MethodName::Cvs, MethodName::Barcode];
    let form = sign_method(Method::All { hidden }).unwrap();
    assert_eq!(form.get("IgnorePayment"), Some("CVS#BARCODE"));
}

#[test]
fn what_is_paid_later_has_a_least_amount_and_a_provider() {
    let with = |total_amount, provider| {
        let order = Order { total_amount, ..order() };
        sign(&Checkout::new(order, Method::Bnpl { provider }))
    };
    assert_eq!(
        with(2_999, None),
        Err(CheckoutError::OutOfRange {
            field: "TotalAmount",
            value: 2_999,
            min: 3_000,
            max: u32::MAX
        })
    );
    let form = with(3_000, None).unwrap();
    assert_eq!(form.get("ChoosePayment"), Some("BNPL"));
    assert_eq!(form.get("ChooseSubPayment"), None);
    for (provider, name) in [(BnplProvider::Urich, "URICH"), (BnplProvider::Zingala, "ZINGALA")] {
        let form = with(3_000, Some(provider)).unwrap();
        assert_eq!(form.get("ChooseSubPayment"), Some(name));
    }
}

#[test]
fn wallets_have_names_and_cannot_be_hidden() {
    let form = sign_method(Method::DigitalPayment { wallet: None }).unwrap();
    assert_eq!(form.get("ChoosePayment"), Some("DigitalPayment"));
    assert_eq!(form.get("ChooseSubPayment"), None);
    for (wallet, name) in [(Wallet::Jkopay, "Jkopay"), (Wallet::Ipass, "iPASS")] {
        let form = sign_method(Method::DigitalPayment { wallet: Some(wallet) }).unwrap();
        assert_eq!(form.get("ChooseSubPayment"), Some(name));
    }
    assert_eq!(
        sign_method(Method::All { hidden: vec![MethodName::DigitalPayment] }),
        Err(CheckoutError::Excluded { field: "IgnorePayment" })
    );
}

#[test]
fn codes_are_letters_and_digits() {
    let atm = Atm { bank: Some("E SUN".into()), ..Atm::default() };
    assert_eq!(
        sign_method(Method::Atm(atm)),
        Err(CheckoutError::Character { field: "ChooseSubPayment", character: ' ' })
    );
    let cvs = Cvs { chain: Some("F".repeat(21)), ..Cvs::default() };
    assert_eq!(
        sign_method(Method::Cvs(cvs)),
        Err(CheckoutError::TooLong { field: "ChooseSubPayment", length: 21, limit: 20 })
    );
    let stored = Credit { member_id: Some("member1".into()), ..Credit::default() };
    assert_eq!(sign_method(Method::Credit(stored)), Err(CheckoutError::MemberId));
}

#[test]
fn a_platform_is_named_in_the_form() {
    let platform = merchant().on_platform("3002599").unwrap();
    let form = Checkout::new(order(), Method::credit()).sign(&platform, &Environment::Stage);
    assert_eq!(form.unwrap().get("PlatformID"), Some("3002599"));
}

#[test]
fn what_excludes_each_other_is_refused() {
    let union_only = Credit { union_pay: Some(UnionPay::Only), ..Credit::default() };
    let cases = [
        (Credit { redeem: true, ..union_only.clone() }, "Redeem"),
        (Credit { member_id: Some("3002607m".into()), ..union_only.clone() }, "BindingCard"),
        (Credit { instalments: vec![Instalment::Six], ..union_only }, "CreditInstallment"),
        (
            Credit { redeem: true, instalments: vec![Instalment::Six], ..Credit::default() },
            "Redeem",
        ),
    ];
    for (credit, field) in cases {
        assert_eq!(sign_method(Method::Credit(credit)), Err(CheckoutError::Excluded { field }));
    }
    let same = Checkout::new(order(), Method::credit()).order_result_url(order().return_url);
    assert_eq!(sign(&same), Err(CheckoutError::Excluded { field: "OrderResultURL" }));
}

#[test]
fn each_broken_rule_is_named() {
    let with = |change: fn(&mut Order)| {
        let mut order = order();
        change(&mut order);
        sign(&Checkout::new(order, Method::credit())).unwrap_err()
    };
    assert_eq!(
        with(|o| o.total_amount = 0),
        CheckoutError::OutOfRange { field: "TotalAmount", value: 0, min: 1, max: u32::MAX }
    );
    assert_eq!(with(|o| o.items.clear()), CheckoutError::Empty { field: "ItemName" });
    assert_eq!(with(|o| o.items = vec!["<br>".into()]), CheckoutError::Empty { field: "ItemName" });
    assert_eq!(with(|o| o.description = "&&".into()), CheckoutError::Empty { field: "TradeDesc" });
    assert_eq!(with(|o| o.return_url.clear()), CheckoutError::Empty { field: "ReturnURL" });
    assert_eq!(
        with(|o| o.return_url = "/notify".into()),
        CheckoutError::Url { field: "ReturnURL" }
    );
    assert_eq!(
        with(|o| o.return_url = "https://商店.example/".into()),
        CheckoutError::Url { field: "ReturnURL" }
    );
    assert_eq!(
        with(|o| o.return_url = "https://shop.example/a;b".into()),
        CheckoutError::Character { field: "ReturnURL", character: ';' }
    );
    assert_eq!(
        with(|o| o.return_url = format!("https://shop.example/{}", "a".repeat(200))),
        CheckoutError::TooLong { field: "ReturnURL", length: 221, limit: 200 }
    );

    let base = || Checkout::new(order(), Method::credit());
    assert_eq!(
        sign(&base().remark("a\nb")),
        Err(CheckoutError::Character { field: "Remark", character: '\n' })
    );
    assert_eq!(
        sign(&base().store_id("A-1")),
        Err(CheckoutError::Character { field: "StoreID", character: '-' })
    );
    assert_eq!(
        sign(&base().custom_fields([Some("a=b".into()), None, None, None])),
        Err(CheckoutError::Character { field: "CustomField1", character: '=' })
    );
    assert_eq!(
        sign(&base().custom_fields([None, Some("字".repeat(51)), None, None])),
        Err(CheckoutError::TooLong { field: "CustomField2", length: 51, limit: 50 })
    );
}
