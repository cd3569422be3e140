//! What must hold for every input.

use ecpay::{
    Action, Algorithm, CHECK_MAC_VALUE, CardKind, CardState, CardStatus, CardTrade, CharSet,
    Charge, Fields, FundingRow, HashKeys, NextAction, TradeRow, dotnet_url_encode, next_action,
    taipei, text,
};
use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    btree_map("[A-Za-z][A-Za-z0-9_]{0,15}", any::<String>(), 1..12).prop_map(|map| {
        let mut seen = Vec::new();
        map.into_iter()
            .filter(|(name, _)| {
                let lower = name.to_lowercase();
                let new = !seen.contains(&lower) && lower != "checkmacvalue";
                seen.push(lower);
                new
            })
            .collect()
    })
}

fn borrowed(fields: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

proptest! {
    #[test]
    fn what_is_signed_verifies(
        fields in fields(), key in "[!-~]{1,32}", iv in "[!-~]{1,32}", md5 in any::<bool>(),
    ) {
        let keys = HashKeys::new(&key, &iv).unwrap();
        let algorithm = if md5 { Algorithm::Md5 } else { Algorithm::Sha256 };
        let mac = keys.sign(algorithm, borrowed(&fields));
        prop_assert_eq!(mac.len(), if md5 { 32 } else { 64 });
        prop_assert!(keys.verify(algorithm, borrowed(&fields), &mac));
        let mut reversed = fields.clone();
        reversed.reverse();
        prop_assert!(keys.verify(algorithm, borrowed(&reversed), &mac));
    }

    #[test]
    fn changing_any_value_breaks_the_signature(
        fields in fields(), which in any::<prop::sample::Index>(), extra in any::<char>(),
    ) {
        // The encoding is lower-cased as a whole, so the case of ASCII letters is not signed.
        let keys = HashKeys::new("key", "iv").unwrap();
        let mac = keys.sign(Algorithm::Sha256, borrowed(&fields));
        let mut changed = fields.clone();
        let at = which.index(changed.len());
        changed[at].1.push(extra);
        prop_assert!(!keys.verify(Algorithm::Sha256, borrowed(&changed), &mac));
        let mut removed = fields.clone();
        removed.remove(at);
        prop_assert!(!keys.verify(Algorithm::Sha256, borrowed(&removed), &mac));
        let other = HashKeys::new("key2", "iv").unwrap();
        prop_assert!(!other.verify(Algorithm::Sha256, borrowed(&fields), &mac));
    }

    #[test]
    fn the_encoder_only_writes_its_alphabet(text in any::<String>()) {
        let encoded = dotnet_url_encode(&text);
        prop_assert!(encoded.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.!*()+%".contains(&b)
        }), "{}", encoded);
    }

    #[test]
    fn form_bodies_survive_the_journey(fields in fields()) {
        let body = ecpay::to_form_body(borrowed(&fields));
        prop_assert!(body.is_ascii());
        let back = Fields::from_form(body.as_bytes()).unwrap();
        prop_assert_eq!(back.iter().collect::<Vec<_>>(), borrowed(&fields).collect::<Vec<_>>());
    }

    #[test]
    fn reading_a_body_never_panics(body in vec(any::<u8>(), 0..300)) {
        let _ = Fields::from_form(&body);
        let _ = Fields::from_unencoded(&body);
        let merchant = crate::merchant();
        prop_assert!(ecpay::PaymentNotice::verify(&body, &merchant).is_err());
        prop_assert!(ecpay::CodeNotice::verify(&body, &merchant).is_err());
    }

    #[test]
    fn item_names_fit_and_carry_nothing_harmful(names in vec(any::<String>(), 0..30)) {
        let joined = text::item_names(names.iter().map(String::as_str));
        prop_assert!(joined.chars().count() <= 200);
        prop_assert!(text::length(&joined) <= 200);
        prop_assert!(!joined.contains(|c: char| c.is_control() || c == '<' || c == '>'));
        prop_assert!(joined.split('#').count() <= names.len().max(1) + 1);
    }

    #[test]
    fn long_item_names_are_cut_between_characters(name in "[a-z玫瑰🌹<>#%& ]{150,400}") {
        let one = text::item_name(&name);
        let joined = text::item_names([name.as_str()]);
        prop_assert!(text::length(&joined) <= 200);
        let kept = joined.trim_end_matches('…');
        prop_assert!(one.starts_with(kept));
    }

    #[test]
    fn descriptions_fit(text in any::<String>()) {
        prop_assert!(text::length(&text::description(&text)) <= 200);
    }

    #[test]
    fn taipei_times_come_back(second in 0_i64..4_000_000_000) {
        let at = Timestamp::from_second(second).unwrap();
        let written = taipei::format(at);
        prop_assert_eq!(taipei::parse(&written), Ok(at));
        prop_assert_eq!(taipei::parse_loose(&written), Ok(at));
        prop_assert_eq!(taipei::parse_loose(&written.replace('/', "-")), Ok(at));
        let day = taipei::parse_date(&taipei::format_date(at)).unwrap();
        prop_assert_eq!(taipei::parse_date_loose(&written), Ok(day));
        prop_assert_eq!(taipei::parse_date_loose(&day.strftime("%Y%m%d").to_string()), Ok(day));
    }

    #[test]
    fn reading_times_never_panics(text in any::<String>(), digits in "[0-9/: 上下午-]{0,24}") {
        for text in [text, digits] {
            let _ = taipei::parse_date_loose(&text);
            if let Ok(at) = taipei::parse_loose(&text) {
                prop_assert_eq!(taipei::parse(&taipei::format(at)), Ok(at));
            }
        }
    }

    #[test]
    fn charges_come_back(units in any::<i64>()) {
        let charge = Charge::of_ten_thousandths(units);
        let read = charge.to_string().parse::<Charge>();
        // The least of all has no positive twin to be read by.
        prop_assert_eq!(read.ok(), (units != i64::MIN).then_some(charge));
    }

    #[test]
    fn charges_of_any_text_are_read_or_refused(text in any::<String>(), near in "-?[0-9.]{0,20}") {
        for text in [text, near] {
            if let Ok(charge) = text.parse::<Charge>() {
                prop_assert_eq!(charge.to_string().parse::<Charge>(), Ok(charge));
            }
        }
    }

    #[test]
    fn written_trades_are_read(rows in vec(trade(), 0..20), big5 in any::<bool>()) {
        let mut file = "=\"訂單日期\",=\"廠商訂單編號\",=\"交易金額\",=\"買家備註\"\r\n".to_owned();
        for (number, amount, at, remark) in &rows {
            let at = taipei::format(Timestamp::from_second(*at).unwrap());
            let quoted = remark.replace('"', "\"\"");
            let row = format!("=\"{at}\",=\"{number}\",=\"{amount}\",=\"{quoted}\"\r\n");
            file.push_str(&row);
        }
        let (charset, bytes) = if big5 {
            (CharSet::Big5, encoding_rs::BIG5.encode(&file).0.into_owned())
        } else {
            (CharSet::Utf8, file.into_bytes())
        };
        let read = TradeRow::read_file(&bytes, charset).unwrap();
        prop_assert_eq!(read.len(), rows.len());
        for (row, (number, amount, at, remark)) in read.iter().zip(&rows) {
            prop_assert_eq!(&row.merchant_trade_no, number);
            prop_assert_eq!(row.amount, *amount);
            prop_assert_eq!(row.ordered_at, Some(Timestamp::from_second(*at).unwrap()));
            prop_assert_eq!(row.cell("買家備註"), Some(remark.as_str()));
        }
    }

    #[test]
    fn reading_files_and_cards_never_panics(
        bytes in vec(any::<u8>(), 0..400), cells in "[0-9OX,=\"\n\r./小計-]{0,200}",
    ) {
        let near = format!("授權單號,訂單編號,廠商訂單編號,訂單日期,交易金額\n{cells}");
        for file in [bytes.as_slice(), near.as_bytes()] {
            for charset in [CharSet::Big5, CharSet::Utf8] {
                let _ = TradeRow::read_file(file, charset);
                let _ = FundingRow::read_file(file, charset);
            }
            let _ = CardTrade::read(file);
        }
    }

    /// Followed to its end, with ECPay doing what it is asked and moving the state on as the manual
    /// says, the plan gives back exactly what was asked for, or leaves it to a person untouched.
    #[test]
    fn a_plan_gives_back_what_was_asked_for(
        charged in 1_u32..1_000_000, before in 0_u32..1_000_000, asked in 0_u32..1_000_000,
        state in 0_usize..7, kind in 0_usize..4,
    ) {
        let kinds =
            [CardKind::Plain, CardKind::Instalments, CardKind::BonusPoints, CardKind::UnionPay];
        let authorised_at: Timestamp = "2026-01-01T04:00:00Z".parse().unwrap();
        let now = "2026-01-02T04:00:00Z".parse().unwrap();
        let status = status(state);
        let captured = matches!(status, CardStatus::ToCapture | CardStatus::Captured);
        let given_back = if captured { before % charged } else { 0 };
        let amount = asked % (charged - given_back + 1);
        let mut card = CardState { status, kind: kinds[kind], authorised_at, charged, given_back };
        let mut refunds = 0;
        for _ in 0..4 {
            let next = next_action(&card, amount, now);
            prop_assert_eq!(next.is_err(), amount == 0);
            let Ok(NextAction::Do { action, amount: with, last }) = next else { break };
            card.status = match action {
                Action::Capture | Action::Refund => CardStatus::ToCapture,
                Action::CancelCapture => CardStatus::CaptureCancelled,
                Action::Abandon => CardStatus::Cancelled,
            };
            match action {
                Action::Refund => refunds += with,
                Action::Abandon => refunds += card.charged,
                Action::Capture | Action::CancelCapture => {}
            }
            if last {
                prop_assert_eq!(refunds, amount);
                break;
            }
            prop_assert_eq!(refunds, 0);
        }
        prop_assert!(refunds == 0 || refunds == amount);
    }
}

fn status(which: usize) -> CardStatus {
    match which {
        0 => CardStatus::Unauthorised,
        1 => CardStatus::Authorised,
        2 => CardStatus::ToCapture,
        3 => CardStatus::Captured,
        4 => CardStatus::CaptureCancelled,
        5 => CardStatus::Cancelled,
        _ => CardStatus::Other("?".into()),
    }
}

/// A number, an amount, a time, and a remark that may hold what separates cells. It does not begin
/// or end with what cells are freed of, and is not what stands for nothing.
fn trade() -> impl Strategy<Value = (String, i64, i64, String)> {
    ("[A-Za-z0-9]{1,20}", any::<i32>(), 0_i64..4_000_000_000, "x[a-z玫瑰,\"= ]{0,12}x")
        .prop_map(|(number, amount, at, remark)| (number, amount.into(), at, remark))
}

#[test]
fn the_signature_field_has_its_name() {
    assert_eq!(CHECK_MAC_VALUE, "CheckMacValue");
}
