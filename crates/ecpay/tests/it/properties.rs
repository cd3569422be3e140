//! What must hold for every input.

use ecpay::{Algorithm, CHECK_MAC_VALUE, Fields, HashKeys, dotnet_url_encode, taipei, text};
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
        let at = jiff::Timestamp::from_second(second).unwrap();
        prop_assert_eq!(taipei::parse(&taipei::format(at)), Ok(at));
    }
}

#[test]
fn the_signature_field_has_its_name() {
    assert_eq!(CHECK_MAC_VALUE, "CheckMacValue");
}
