//! Replies about payment codes, genuine and otherwise.

use ecpay::{
    CHECK_MAC_VALUE, Environment, Fields, Merchant, MerchantTradeNo, NoticeError, PaymentCode,
    PaymentCodeInfo, PaymentCodeQuery, QueryError,
};
use jiff::civil::date;

use crate::merchant;

/// Captured from ECPay's stage servers, with the old test merchant.
const ATM: &str = "BankCode=005&CustomField1=&CustomField2=&CustomField3=N22042600020\
    &CustomField4=ATM&ExpireDate=2022/04/29&MerchantID=2000132&MerchantTradeNo=N22042600020513\
    &PaymentType=ATM_LAND&RtnCode=2&RtnMsg=Get VirtualAccount Succeeded&StoreID=&TradeAmt=409\
    &TradeDate=2022/04/26 14:21:51&TradeNo=2204261421418645&vAccount=5219111913209840\
    &CheckMacValue=7878910636FA75CBD381C59939D4B53E9AC946DFE1279AF7428A886B0B60DE10";
const CVS: &str = "CustomField1=&CustomField2=&CustomField3=&CustomField4=\
    &ExpireDate=2022/04/15 17:53:13&MerchantID=2000132&MerchantTradeNo=05677f89acc348939d3\
    &PaymentNo=LLL22098722826&PaymentType=CVS_CVS\
    &PaymentURL=https://payment-stage.ecpay.com.tw/PaymentRule/CVSBarCode?PaymentNo=LLL22098722826\
    &RtnCode=10100073&RtnMsg=Get CVS Code Succeeded.&StoreID=&TradeAmt=100\
    &TradeDate=2022/04/08 17:53:13&TradeNo=2204081753086470\
    &CheckMacValue=DB0E06C7E1D0FF255E17914CFD33F0368500A1932721E1251E4C7E29EE6F5F6F";
const BARCODE: &str = "Barcode1=1105036EA&Barcode2=3453011539919569&Barcode3=042677000001500\
    &CustomField1=&CustomField2=&CustomField3=&CustomField4=&ExpireDate=2022/05/03 14:02:17\
    &MerchantID=2000132&MerchantTradeNo=CK20220426401292&PaymentType=BARCODE_BARCODE\
    &RtnCode=10100073&RtnMsg=Get CVS Code Succeeded.&StoreID=&TradeAmt=1500\
    &TradeDate=2022/04/26 14:02:17&TradeNo=2204261401048597\
    &CheckMacValue=D574D29740EA822EB825FA02D6EDD3558403FCB66AB89F8D56F61EC61781FA11";

fn old_merchant() -> Merchant {
    Merchant::new("2000132", "5294y06JbISpM5x9", "v77hoKGq4kWxNNIS").expect("sound keys")
}

fn number(text: &str) -> MerchantTradeNo {
    MerchantTradeNo::new(text).expect("letters and digits")
}

#[test]
fn captured_replies_are_believed() {
    let info = PaymentCodeInfo::verify(ATM.as_bytes(), &old_merchant(), &number("N22042600020513"));
    let info = info.unwrap();
    assert_eq!((info.amount, info.code), (409, 2));
    assert_eq!(info.trade_no, "2204261421418645");
    assert_eq!(info.payment_type, "ATM_LAND");
    assert_eq!(info.traded_at, Some("2022-04-26T06:21:51Z".parse().unwrap()));
    assert_eq!(
        info.payment_code,
        Some(PaymentCode::Atm {
            bank_code: "005".into(),
            account: "5219111913209840".into(),
            expires_on: date(2022, 4, 29),
        })
    );

    let asked = number("05677f89acc348939d3");
    let info = PaymentCodeInfo::verify(CVS.as_bytes(), &old_merchant(), &asked).unwrap();
    let expires_at = "2022-04-15T09:53:13Z".parse().unwrap();
    assert_eq!(
        info.payment_code,
        Some(PaymentCode::Cvs { payment_no: "LLL22098722826".into(), expires_at })
    );
    assert!(info.fields().get("PaymentURL").unwrap().ends_with("?PaymentNo=LLL22098722826"));

    let asked = number("CK20220426401292");
    let info = PaymentCodeInfo::verify(BARCODE.as_bytes(), &old_merchant(), &asked).unwrap();
    let segments = ["1105036EA".into(), "3453011539919569".into(), "042677000001500".into()];
    let expires_at = "2022-05-03T06:02:17Z".parse().unwrap();
    assert_eq!(info.payment_code, Some(PaymentCode::Barcode { segments, expires_at }));
    assert_eq!(info.amount, 1_500);
}

#[test]
fn replies_that_prove_nothing_are_errors() {
    let asked = number("N22042600020513");
    let verify = |reply: &str| PaymentCodeInfo::verify(reply.as_bytes(), &old_merchant(), &asked);
    assert_eq!(
        verify(&ATM.replace("TradeAmt=409", "TradeAmt=9")),
        Err(QueryError::Reply(NoticeError::BadSignature))
    );
    assert!(matches!(
        verify("0|TimeStamp Is Expired"),
        Err(QueryError::Reply(NoticeError::Form(_)))
    ));
    assert_eq!(verify(CVS), Err(QueryError::OtherOrder(number("05677f89acc348939d3"))));
    assert_eq!(
        PaymentCodeInfo::verify(ATM.as_bytes(), &merchant(), &asked),
        Err(QueryError::Reply(NoticeError::BadSignature))
    );
}

fn signed(pairs: &[(&str, &str)]) -> String {
    let mac = merchant().sign(pairs.iter().copied());
    let all = pairs.iter().copied().chain([(CHECK_MAC_VALUE, mac.as_str())]);
    all.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[test]
fn an_order_without_a_code_says_so() {
    let reply = signed(&[
        ("MerchantID", "3002607"),
        ("MerchantTradeNo", "OX1"),
        ("RtnCode", "10200047"),
        ("RtnMsg", "查無資料"),
        ("TradeAmt", ""),
    ]);
    let info = PaymentCodeInfo::verify(reply.as_bytes(), &merchant(), &number("OX1")).unwrap();
    assert_eq!((info.code, info.amount, info.payment_code), (10_200_047, 0, None));
    assert_eq!(info.message, "查無資料");

    // A code without an amount is none.
    let reply = signed(&[
        ("MerchantID", "3002607"),
        ("MerchantTradeNo", "OX1"),
        ("RtnCode", "10100073"),
        ("PaymentNo", "L1"),
        ("ExpireDate", "2022/04/15 17:53:13"),
    ]);
    assert_eq!(
        PaymentCodeInfo::verify(reply.as_bytes(), &merchant(), &number("OX1")),
        Err(QueryError::Reply(NoticeError::Missing("TradeAmt")))
    );
}

#[test]
fn the_query_is_signed_and_says_when_it_was_made() {
    let now = "2026-09-27T08:30:59Z".parse().unwrap();
    let platform = merchant().on_platform("3002599").unwrap();
    let query = PaymentCodeQuery::new(&number("OX1"), now, &platform, &Environment::Stage);
    assert_eq!(query.url, "https://payment-stage.ecpay.com.tw/Cashier/QueryPaymentInfo");
    let fields = Fields::from_form(query.body.as_bytes()).unwrap();
    let sent: Vec<_> = fields.iter().filter(|(name, _)| *name != CHECK_MAC_VALUE).collect();
    assert_eq!(
        sent,
        [
            ("MerchantID", "3002607"),
            ("MerchantTradeNo", "OX1"),
            ("TimeStamp", "1790497859"),
            ("PlatformID", "3002599"),
        ]
    );
    assert!(merchant().verify(fields.iter(), fields.get(CHECK_MAC_VALUE).unwrap()));
}
