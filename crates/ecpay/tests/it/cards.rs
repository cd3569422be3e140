//! Card details, actions, and which action is right.

use ecpay::{
    Action, ActionError, ActionReply, ActionReplyError, ByHand, CHECK_MAC_VALUE, CardAction,
    CardClosing, CardKind, CardQuery, CardQueryError, CardRefundError, CardReplyError, CardState,
    CardStatus, CardTrade, Environment, Fields, MAX_BODY_BYTES, MerchantTradeNo, NextAction,
    authorisation, next_action,
};
use jiff::{SignedDuration, Timestamp};

use crate::merchant;

fn at(text: &str) -> Timestamp {
    text.parse().expect("RFC 3339")
}

const DETAIL: &str = r#"{"RtnMsg": "", "RtnValue": {
    "TradeID": 11958723, "amount": "2900", "clsamt": 2900,
    "authtime": "2016/5/12 下午 07:09:17", "status": "已關帳",
    "close_data": [
        {"status": "已關帳", "sno": "2621", "amount": "2900", "datetime": "2016/5/12 下午 08:15:00"},
        {"status": "要關帳", "sno": 2622, "amount": -500, "datetime": ""}
    ], "something": "new"}}"#;

#[test]
fn a_card_detail_is_read_with_its_mixed_types() {
    let trade = CardTrade::read(DETAIL.as_bytes()).unwrap();
    assert_eq!(trade.trade_id, "11958723");
    assert_eq!((trade.amount, trade.captured), (2_900, 2_900));
    assert_eq!(trade.authorised_at, Some(at("2016-05-12T11:09:17Z")));
    assert_eq!(trade.status, CardStatus::Captured);
    assert_eq!(
        trade.closings,
        [
            CardClosing {
                status: CardStatus::Captured,
                amount: 2_900,
                number: "2621".into(),
                at: Some(at("2016-05-12T12:15:00Z")),
            },
            CardClosing {
                status: CardStatus::ToCapture,
                amount: -500,
                number: "2622".into(),
                at: None,
            },
        ]
    );
}

#[test]
fn a_detail_may_be_short() {
    let reply = r#"{"RtnMsg":null,"RtnValue":{"amount":100,"status":" 已授權 "}}"#;
    let trade = CardTrade::read(reply.as_bytes()).unwrap();
    assert_eq!((trade.amount, trade.captured, trade.authorised_at), (100, 0, None));
    assert_eq!(trade.status, CardStatus::Authorised);
    assert_eq!(trade.closings, []);
}

#[test]
fn replies_that_tell_nothing_are_errors() {
    for word in ["error_nopay", "error_Stop"] {
        let reply = format!(r#"{{"RtnMsg":"{word}","RtnValue":null}}"#);
        assert_eq!(CardTrade::read(reply.as_bytes()), Err(CardReplyError::NotYet(word.to_owned())));
    }
    assert_eq!(
        CardTrade::read(br#"{"RtnMsg":"error","RtnValue":""}"#),
        Err(CardReplyError::Refused("error".into()))
    );
    let broken = [
        (r#"{"RtnMsg":""}"#, "RtnValue"),
        (r#"{"RtnMsg":"","RtnValue":""}"#, "RtnValue"),
        (r#"{"RtnMsg":"","RtnValue":{"status":"已授權"}}"#, "amount"),
        (r#"{"RtnMsg":"","RtnValue":{"amount":"1.5","status":"已授權"}}"#, "amount"),
        (r#"{"RtnMsg":"","RtnValue":{"amount":-1,"status":"已授權"}}"#, "amount"),
        (r#"{"RtnMsg":"","RtnValue":{"amount":1,"clsamt":"x","status":"已授權"}}"#, "clsamt"),
        (r#"{"RtnMsg":"","RtnValue":{"amount":1,"status":" "}}"#, "status"),
        (
            r#"{"RtnMsg":"","RtnValue":{"amount":1,"authtime":"昨天","status":"已授權"}}"#,
            "authtime",
        ),
        (
            r#"{"RtnMsg":"","RtnValue":{"amount":1,"status":"已授權","close_data":[{}]}}"#,
            "close_data.amount",
        ),
        (
            r#"{"RtnMsg":"","RtnValue":{"amount":1,"status":"已授權",
                "close_data":[{"amount":1,"datetime":"?"}]}}"#,
            "close_data.datetime",
        ),
    ];
    for (reply, field) in broken {
        assert_eq!(
            CardTrade::read(reply.as_bytes()),
            Err(CardReplyError::Malformed(field)),
            "{reply}"
        );
    }
    for reply in ["", "<html>", "[]", r#"{"RtnMsg":"","RtnValue":{"amount":[]}}"#] {
        assert!(
            matches!(CardTrade::read(reply.as_bytes()), Err(CardReplyError::Json(_))),
            "{reply}"
        );
    }
    let large = vec![b' '; MAX_BODY_BYTES + 1];
    assert_eq!(
        CardTrade::read(&large),
        Err(CardReplyError::TooLarge { bytes: MAX_BODY_BYTES + 1 })
    );
}

#[test]
fn state_words_come_back() {
    for word in ["未授權", "已授權", "要關帳", "已關帳", "操作取消", "已取消", "明日的"]
    {
        assert_eq!(CardStatus::from_word(word).as_word(), word);
    }
    assert_eq!(CardStatus::from_word("明日的"), CardStatus::Other("明日的".into()));
}

#[test]
fn card_queries_are_checked_signed_and_keep_their_secret() {
    assert_eq!(CardQuery::new(0, 1, 1), Err(CardQueryError::NoAuthorisation));
    assert_eq!(CardQuery::new(1, 0, 1), Err(CardQueryError::NoAmount));
    let query = CardQuery::new(11_958_723, 2_900, 25_938_511).unwrap();
    assert!(!format!("{query:?}").contains("25938511"));
    let request = query.request(&merchant(), &Environment::Production);
    assert!(!format!("{request:?}").contains("25938511"));
    let fields = Fields::from_form(request.body.as_bytes()).unwrap();
    let sent: Vec<_> = fields.iter().filter(|(name, _)| *name != CHECK_MAC_VALUE).collect();
    assert_eq!(
        sent,
        [
            ("MerchantID", "3002607"),
            ("CreditRefundId", "11958723"),
            ("CreditAmount", "2900"),
            ("CreditCheckCode", "25938511"),
        ]
    );
    assert!(merchant().verify(fields.iter(), fields.get(CHECK_MAC_VALUE).unwrap()));
}

#[test]
fn what_the_extra_fields_tell() {
    let fields = |body: &str| Fields::from_form(body.as_bytes()).unwrap();
    assert_eq!(authorisation(&fields("gwsr=11958723")), Some(11_958_723));
    for none in ["gwsr=", "gwsr=0", "gwsr=x", "other=1"] {
        assert_eq!(authorisation(&fields(none)), None, "{none}");
    }
    for (body, kind) in [
        ("stage=0&red_dan=0&red_de_amt=0&PaymentType=Credit_CreditCard", CardKind::Plain),
        ("PaymentType=Credit_CreditCard", CardKind::Plain),
        ("stage=&red_dan=", CardKind::Plain),
        ("stage=3", CardKind::Instalments),
        ("stage=12&red_dan=5", CardKind::Instalments),
        ("stage=0&PaymentType=Flexible_Installment", CardKind::Instalments),
        ("stage=0&red_dan=100&red_de_amt=10", CardKind::BonusPoints),
        ("red_de_amt=10", CardKind::BonusPoints),
    ] {
        assert_eq!(CardKind::of(&fields(body)), kind, "{body}");
    }
}

fn action(action: Action, amount: u32) -> CardAction {
    let number = MerchantTradeNo::new("OX1").expect("a number");
    CardAction::new(number, "2204271718551574", action, amount).expect("an action")
}

#[test]
fn actions_are_checked_and_signed() {
    let number = || MerchantTradeNo::new("OX1").unwrap();
    for bad in ["", "2204-1", "123456789012345678901", "訂單"] {
        let refused = CardAction::new(number(), bad, Action::Refund, 1);
        assert_eq!(refused, Err(ActionError::TradeNo), "{bad}");
    }
    let refused = CardAction::new(number(), "1", Action::Refund, 0);
    assert_eq!(refused, Err(ActionError::Amount));

    for (kind, letter) in [
        (Action::Capture, "C"),
        (Action::Refund, "R"),
        (Action::CancelCapture, "E"),
        (Action::Abandon, "N"),
    ] {
        let platform = merchant().on_platform("3002599").unwrap();
        let request = action(kind, 500).request(&platform, &Environment::Stage);
        assert_eq!(request.url, "https://payment-stage.ecpay.com.tw/CreditDetail/DoAction");
        let fields = Fields::from_form(request.body.as_bytes()).unwrap();
        let sent: Vec<_> = fields.iter().filter(|(name, _)| *name != CHECK_MAC_VALUE).collect();
        assert_eq!(
            sent,
            [
                ("MerchantID", "3002607"),
                ("MerchantTradeNo", "OX1"),
                ("TradeNo", "2204271718551574"),
                ("Action", letter),
                ("TotalAmount", "500"),
                ("PlatformID", "3002599"),
            ]
        );
        assert!(merchant().verify(fields.iter(), fields.get(CHECK_MAC_VALUE).unwrap()));
    }
}

#[test]
fn replies_to_actions_are_read_as_far_as_they_go() {
    let asked = action(Action::Refund, 500);
    let read = |reply: &str| ActionReply::read(reply.as_bytes(), &asked, &merchant());
    let done = "MerchantID=3002607&MerchantTradeNo=OX1&TradeNo=2204271718551574&RtnCode=1\
        &RtnMsg=Succeeded.";
    let reply = read(done).unwrap();
    assert!(reply.is_done());
    assert_eq!(reply.message, "Succeeded.");
    assert_eq!(reply.fields().len(), 5);

    // As observed, with a stray name.
    let reply = read("Merchant=&MerchantTradeNo=&TradeNo=&RtnCode=0&RtnMsg=訂單不存在").unwrap();
    assert!(!reply.is_done());
    assert_eq!((reply.code, reply.message.as_str()), (0, "訂單不存在"));

    for (field, value, was) in [
        ("MerchantID", "3002608", "3002607"),
        ("MerchantTradeNo", "OX2", "OX1"),
        ("TradeNo", "1", "2204271718551574"),
    ] {
        assert_eq!(
            read(&done.replace(&format!("{field}={was}"), &format!("{field}={value}"))),
            Err(ActionReplyError::OtherOrder { field, value: value.into() })
        );
    }
    assert_eq!(read("RtnMsg=x"), Err(ActionReplyError::Code));
    assert_eq!(read("RtnCode=yes"), Err(ActionReplyError::Code));
    assert!(matches!(read("<html>"), Err(ActionReplyError::Form(_))));
}

const PAID: &str = "2026-01-01T04:00:00Z";

fn card(status: CardStatus, kind: CardKind, given_back: u32) -> CardState {
    CardState { status, kind, authorised_at: at(PAID), charged: 1_000, given_back }
}

fn step(action: Action, amount: u32) -> NextAction {
    NextAction::Do { action, amount, last: true }
}

fn first(action: Action) -> NextAction {
    NextAction::Do { action, amount: 1_000, last: false }
}

fn statuses() -> [CardStatus; 7] {
    [
        CardStatus::Unauthorised,
        CardStatus::Authorised,
        CardStatus::ToCapture,
        CardStatus::Captured,
        CardStatus::CaptureCancelled,
        CardStatus::Cancelled,
        CardStatus::Other("?".into()),
    ]
}

/// The whole table: every state, the whole, a part, and the rest after a part.
#[test]
fn the_table_of_the_manual() {
    use NextAction::{ByHand as Hand, Done};
    let state = Hand(ByHand::State);
    let rows = [
        [state, state, state],
        [step(Action::Abandon, 1_000), first(Action::Capture), state],
        [first(Action::CancelCapture), step(Action::Refund, 400), step(Action::Refund, 400)],
        [step(Action::Refund, 1_000), step(Action::Refund, 400), step(Action::Refund, 400)],
        [step(Action::Abandon, 1_000), state, state],
        [Done, Hand(ByHand::AllReleased), state],
        [state, state, state],
    ];
    let now = at("2026-01-02T04:00:00Z");
    for (status, [whole, part, rest]) in statuses().into_iter().zip(rows) {
        let next = |given_back, amount| {
            next_action(&card(status.clone(), CardKind::Plain, given_back), amount, now)
        };
        assert_eq!(next(0, 1_000), Ok(whole), "{status:?}, the whole");
        assert_eq!(next(0, 400), Ok(part), "{status:?}, a part");
        assert_eq!(next(600, 400), Ok(rest), "{status:?}, the rest");
    }
}

#[test]
fn instalments_and_points_come_back_as_a_whole() {
    let now = at("2026-01-02T04:00:00Z");
    for kind in [CardKind::Instalments, CardKind::BonusPoints] {
        for status in [CardStatus::Authorised, CardStatus::ToCapture, CardStatus::Captured] {
            let card = card(status, kind, 0);
            assert_eq!(
                next_action(&card, 999, now),
                Ok(NextAction::ByHand(ByHand::WholeOnly)),
                "{card:?}"
            );
        }
        let captured = card(CardStatus::Captured, kind, 0);
        assert_eq!(next_action(&captured, 1_000, now), Ok(step(Action::Refund, 1_000)));
        let queued = card(CardStatus::ToCapture, kind, 0);
        assert_eq!(next_action(&queued, 1_000, now), Ok(first(Action::CancelCapture)));
    }
}

#[test]
fn a_capture_of_union_pay_is_not_called_back() {
    let now = at("2026-01-02T04:00:00Z");
    let queued = card(CardStatus::ToCapture, CardKind::UnionPay, 0);
    assert_eq!(next_action(&queued, 1_000, now), Ok(step(Action::Refund, 1_000)));
}

#[test]
fn nothing_is_done_while_ecpay_captures() {
    let card = card(CardStatus::Captured, CardKind::Plain, 0);
    let until = at("2026-01-02T12:30:00Z");
    for (now, next) in [
        ("2026-01-02T12:14:59.999Z", step(Action::Refund, 1)),
        ("2026-01-02T12:15:00Z", NextAction::Wait { until }),
        ("2026-01-02T12:29:59.999Z", NextAction::Wait { until }),
        ("2026-01-02T12:30:00Z", step(Action::Refund, 1)),
    ] {
        assert_eq!(next_action(&card, 1, at(now)), Ok(next), "{now}");
    }
    // What a person has to do need not wait, nor what is done.
    let during = at("2026-01-02T12:20:00Z");
    let released = CardState { status: CardStatus::Cancelled, ..card.clone() };
    assert_eq!(next_action(&released, 1_000, during), Ok(NextAction::Done));
    let unknown = CardState { status: CardStatus::Other("?".into()), ..card };
    assert_eq!(next_action(&unknown, 1, during), Ok(NextAction::ByHand(ByHand::State)));
}

#[test]
fn old_payments_are_given_back_by_hand() {
    let days = |days: i64| at(PAID) + SignedDuration::from_hours(24 * days);
    let second = SignedDuration::from_secs(1);
    let authorised = card(CardStatus::Authorised, CardKind::Plain, 0);
    assert_eq!(next_action(&authorised, 1, days(21)), Ok(first(Action::Capture)));
    assert_eq!(
        next_action(&authorised, 1, days(21) + second),
        Ok(NextAction::ByHand(ByHand::TooLateToCapture))
    );
    let abandon = step(Action::Abandon, 1_000);
    assert_eq!(next_action(&authorised, 1_000, days(21) + second), Ok(abandon));

    let captured = card(CardStatus::Captured, CardKind::Plain, 0);
    assert_eq!(next_action(&captured, 1, days(90)), Ok(step(Action::Refund, 1)));
    for status in [CardStatus::Captured, CardStatus::Authorised, CardStatus::ToCapture] {
        let old = card(status, CardKind::Plain, 0);
        let next = next_action(&old, 1_000, days(90) + second);
        assert_eq!(next, Ok(NextAction::ByHand(ByHand::TooOld)));
    }
    let released = card(CardStatus::Cancelled, CardKind::Plain, 0);
    assert_eq!(next_action(&released, 1_000, days(365)), Ok(NextAction::Done));
}

#[test]
fn more_than_there_is_does_not_come_back() {
    let now = at("2026-01-02T04:00:00Z");
    for status in statuses() {
        let card = card(status, CardKind::Plain, 600);
        assert_eq!(card.left(), 400);
        assert_eq!(next_action(&card, 0, now), Err(CardRefundError::Nothing));
        assert_eq!(
            next_action(&card, 401, now),
            Err(CardRefundError::TooMuch { amount: 401, left: 400 })
        );
        let spent = CardState { given_back: 1_200, ..card };
        assert_eq!(
            next_action(&spent, 1, now),
            Err(CardRefundError::TooMuch { amount: 1, left: 0 })
        );
    }
}

#[test]
fn a_detail_becomes_a_state() {
    let trade = CardTrade::read(DETAIL.as_bytes()).unwrap();
    let partly = CardTrade { captured: 2_000, ..trade.clone() };
    let state = CardState::of(&partly, CardKind::Plain, 100, at(PAID));
    assert_eq!((state.charged, state.given_back, state.left()), (2_000, 100, 1_900));
    assert_eq!(state.authorised_at, at("2016-05-12T11:09:17Z"));

    let fresh =
        CardTrade { captured: 0, authorised_at: None, status: CardStatus::Authorised, ..trade };
    let state = CardState::of(&fresh, CardKind::Plain, 0, at(PAID));
    assert_eq!((state.charged, state.authorised_at), (2_900, at(PAID)));
}
