//! What claims to come from ECPay.

use std::sync::LazyLock;

use ecpay::{
    CHECK_MAC_VALUE, CodeNotice, Fields, MAX_BODY_BYTES, MAX_FIELDS, Merchant, MerchantTradeNo,
    NoticeError, PaymentNotice, QueryError, TradeInfo, to_form_body,
};

/// ECPay's public test merchant.
static MERCHANT: LazyLock<Merchant> = LazyLock::new(|| {
    Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").expect("keys that are not empty")
});

/// Forms are read strictly and bounded. What is not signed is not believed; what is signed is, as
/// far as it says what it has to, and never for another merchant.
pub fn ecpay_notice(data: &[u8]) {
    reply(data);
    let Ok(fields) = Fields::from_form(data) else {
        let refused = PaymentNotice::verify(data, &MERCHANT);
        assert!(matches!(refused, Err(NoticeError::Form(_))), "{refused:?}");
        return;
    };
    assert!(data.len() <= MAX_BODY_BYTES && fields.len() <= MAX_FIELDS);
    let written = to_form_body(fields.iter());
    if written.len() <= MAX_BODY_BYTES {
        assert_eq!(Fields::from_form(written.as_bytes()).as_ref(), Ok(&fields));
    }
    if let Ok(notice) = PaymentNotice::verify(data, &MERCHANT) {
        believed(&notice);
    }
    // The same content, signed: what only ECPay can make.
    let unsigned: Vec<(&str, &str)> =
        fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(CHECK_MAC_VALUE)).collect();
    let mac = MERCHANT.sign(unsigned.iter().copied());
    let signed = unsigned.iter().copied().chain([(CHECK_MAC_VALUE, mac.as_str())]);
    let body = to_form_body(signed);
    match PaymentNotice::verify(body.as_bytes(), &MERCHANT) {
        Ok(notice) => believed(&notice),
        Err(NoticeError::BadSignature | NoticeError::Unsigned) => panic!("{body}"),
        Err(_) => {}
    }
    let code = CodeNotice::verify(body.as_bytes(), &MERCHANT);
    let refused = matches!(code, Err(NoticeError::BadSignature | NoticeError::Unsigned));
    assert!(!refused, "{body}");
    forged(&unsigned, &mac);
}

fn believed(notice: &PaymentNotice) {
    let merchant = notice.fields().get("MerchantID");
    assert_eq!(merchant, Some(MERCHANT.id()));
    // What was believed is kept, and would be believed again.
    let kept = notice.fields().to_string();
    if kept.len() <= MAX_BODY_BYTES {
        assert_eq!(PaymentNotice::verify(kept.as_bytes(), &MERCHANT).as_ref(), Ok(notice));
    }
}

/// The signature of one content is not that of another.
fn forged(fields: &[(&str, &str)], mac: &str) {
    let Some((name, value)) = fields.first() else { return };
    let changed = format!("{value}1");
    let rest = fields.iter().skip(1).copied();
    let forged = [(*name, changed.as_str())].into_iter().chain(rest);
    let body = to_form_body(forged.chain([(CHECK_MAC_VALUE, mac)]));
    assert!(PaymentNotice::verify(body.as_bytes(), &MERCHANT).is_err(), "{body}");
}

/// An answer to a question is believed under the same conditions.
fn reply(data: &[u8]) {
    let asked = MerchantTradeNo::new("OX1").expect("letters and digits");
    if let Ok(info) = TradeInfo::verify(data, &MERCHANT, &asked) {
        assert_eq!(info.merchant_trade_no, asked);
    }
    let Ok(fields) = Fields::from_unencoded(data) else {
        let refused = TradeInfo::verify(data, &MERCHANT, &asked);
        let form = matches!(refused, Err(QueryError::Reply(NoticeError::Form(_))));
        assert!(form, "{refused:?}");
        return;
    };
    assert!(fields.len() <= MAX_FIELDS);
}
