//! What claims to be ECPay's answer about a payment code, a card, or an action on one.

use std::sync::LazyLock;

use ecpay::{
    Action, ActionReply, CHECK_MAC_VALUE, CardAction, CardKind, CardReplyError, CardState,
    CardTrade, Fields, MAX_BODY_BYTES, Merchant, MerchantTradeNo, NextAction, NoticeError,
    PaymentCodeInfo, QueryError, next_action, taipei,
};
use jiff::Timestamp;

use crate::text;

/// ECPay's public test merchant.
static MERCHANT: LazyLock<Merchant> = LazyLock::new(|| {
    Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").expect("keys that are not empty")
});

static ASKED: LazyLock<CardAction> = LazyLock::new(|| {
    CardAction::new(number(), "2204271718551574", Action::Refund, 500).expect("sound")
});

fn number() -> MerchantTradeNo {
    MerchantTradeNo::new("OX1").expect("letters and digits")
}

/// A code is believed only if it is signed and about what was asked. Of a card, nothing is given
/// back that is not there, whatever its detail says. Times are read or refused.
pub fn ecpay_replies(data: &[u8]) {
    code(data);
    card(data);
    action(data);
    time(&text(data));
}

fn code(data: &[u8]) {
    if let Ok(info) = PaymentCodeInfo::verify(data, &MERCHANT, &number()) {
        assert_eq!(info.merchant_trade_no, number());
        assert!(info.payment_code.is_none() || info.fields().get("TradeAmt").is_some());
    }
    let Ok(fields) = Fields::from_unencoded(data) else { return };
    // The same content, signed: what only ECPay can make.
    let unsigned = fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(CHECK_MAC_VALUE));
    let unsigned: Vec<(&str, &str)> = unsigned.collect();
    let mac = MERCHANT.sign(unsigned.iter().copied());
    let signed = unsigned.iter().copied().chain([(CHECK_MAC_VALUE, mac.as_str())]);
    let reply: Vec<String> = signed.map(|(name, value)| format!("{name}={value}")).collect();
    let reply = reply.join("&");
    if reply.len() > MAX_BODY_BYTES {
        return;
    }
    let verified = PaymentCodeInfo::verify(reply.as_bytes(), &MERCHANT, &number());
    let forged = matches!(
        verified,
        Err(QueryError::Reply(NoticeError::BadSignature | NoticeError::Unsigned))
    );
    assert!(!forged, "{reply}");
}

fn card(data: &[u8]) {
    let trade = match CardTrade::read(data) {
        Ok(trade) => trade,
        Err(CardReplyError::TooLarge { bytes }) => {
            assert!(bytes == data.len() && bytes > MAX_BODY_BYTES);
            return;
        }
        Err(_) => return,
    };
    let paid_at = Timestamp::UNIX_EPOCH;
    for (kind, given_back) in
        [(CardKind::Plain, 0), (CardKind::Plain, 7), (CardKind::Instalments, 0), (CardKind::UnionPay, 3)]
    {
        let state = CardState::of(&trade, kind, given_back, paid_at);
        let left = state.left();
        for amount in [1, 7, left, left.saturating_add(1), u32::MAX] {
            for now in [paid_at, trade.authorised_at.unwrap_or(paid_at)] {
                let next = next_action(&state, amount, now);
                assert_eq!(next.is_err(), amount == 0 || amount > left, "{state:?} {amount}");
                let Ok(NextAction::Do { action, amount: with, last }) = next else { continue };
                assert_eq!(last, matches!(action, Action::Refund | Action::Abandon));
                match action {
                    Action::Refund => assert_eq!(with, amount),
                    // Giving up an authorisation gives back the whole of it: never for a part.
                    Action::Abandon | Action::CancelCapture => {
                        assert_eq!((with, amount), (state.charged, state.charged));
                    }
                    Action::Capture => assert!(with == state.charged && amount < with),
                }
            }
        }
    }
}

fn action(data: &[u8]) {
    let Ok(reply) = ActionReply::read(data, &ASKED, &MERCHANT) else { return };
    assert_eq!(reply.is_done(), reply.code == 1);
    for (name, value) in [("MerchantTradeNo", "OX1"), ("TradeNo", ASKED.trade_no())] {
        assert!(reply.fields().get_filled(name).is_none_or(|it| it == value));
    }
}

fn time(text: &str) {
    if let Ok(at) = taipei::parse_loose(text) {
        assert_eq!(taipei::parse(&taipei::format(at)), Ok(at));
        assert!(taipei::parse_date_loose(text).is_ok());
    }
    if let Ok(at) = taipei::parse(text) {
        assert_eq!(taipei::parse_loose(text), Ok(at));
    }
}
