//! What stands in a cell.

use kernel::Money;

/// A price: whole New Taiwan dollars, also as `1280.00`.
pub fn price(text: &str) -> Result<Money, &'static str> {
    let (whole, cents) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(cents) {
        return Err("must be an amount without signs and commas, e.g. 1280 or 1280.00");
    }
    if cents.bytes().any(|byte| byte != b'0') {
        return Err("must be whole dollars: the shop's currency has no cents");
    }
    let amount = whole.parse().ok().and_then(|amount| Money::twd(amount).ok());
    amount.ok_or("is too large")
}

/// The heaviest variant.
const GRAMS_MAX: u32 = 1_000_000;

/// Grams, rounded.
pub fn grams(text: &str) -> Result<u32, &'static str> {
    let wrong = "must be grams from 0 to 1000000";
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return Err(wrong);
    }
    let up = u32::from(part.as_bytes().first().is_some_and(|digit| *digit >= b'5'));
    let grams = whole.parse::<u32>().ok().and_then(|grams| grams.checked_add(up));
    grams.filter(|grams| *grams <= GRAMS_MAX).ok_or(wrong)
}

/// Yes or no.
pub fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// A slug of any text: itself, if it is one. What is lost (anything but ASCII letters and digits) is
/// stood for by a number computed from it, so that different texts have different slugs.
pub fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    let mut lost = false;
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else {
            lost |= !letter.is_ascii();
            if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
    }
    let slug = slug.trim_end_matches('-');
    if !lost && (1..=100).contains(&slug.len()) {
        return slug.to_owned();
    }
    let number = format!("{:08x}", fingerprint(text) >> 32);
    let short: String = slug.chars().take(90).collect();
    match short.trim_end_matches('-') {
        "" => number,
        short => format!("{short}-{number}"),
    }
}

/// A SKU for a variant without one: of its product's slug and its option values. Computed, so that the
/// same file finds the same variant again.
pub fn sku(slug: &str, options: &[String]) -> String {
    let mut parts = vec![slug.to_ascii_uppercase()];
    parts.extend(options.iter().map(|value| self::slug(value).to_ascii_uppercase()));
    let sku = parts.join("-");
    if sku.len() <= 64 {
        return sku;
    }
    let short: String = sku.chars().take(55).collect();
    format!("{short}-{:08X}", fingerprint(&sku) >> 32)
}

/// FNV-1a: only to tell texts apart.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use catalog::Slug;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_are_whole_dollars() {
        for (text, amount) in [("0", 0), ("1280", 1280), ("1280.00", 1280), ("007.", 7)] {
            assert_eq!(price(text).map(Money::amount), Ok(amount), "{text}");
        }
        for wrong in ["", "-1", "1,280", "1280.50", "NT$5", "1e3", ".", "99999999999999999999"] {
            assert!(price(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn grams_are_rounded() {
        for (text, whole) in
            [("0", 0), ("250.0", 250), ("0.4", 0), ("0.5", 1), ("1000000", 1_000_000)]
        {
            assert_eq!(grams(text), Ok(whole), "{text}");
        }
        for wrong in ["", "-1", "1000000.5", "1kg", "99999999999"] {
            assert!(grams(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn slugs_and_skus_are_computed() {
        assert_eq!(slug("enamel-mug"), "enamel-mug");
        assert_eq!(slug("Home & Garden"), "home-garden");
        assert_eq!(slug("馬克杯"), slug("馬克杯"));
        assert_ne!(slug("馬克杯"), slug("托特包"));
        assert!(slug("café mug").starts_with("caf-mug-"));
        assert_eq!(sku("tee", &["Red".into(), "X L".into()]), "TEE-RED-X-L");
        assert_eq!(sku("tee", &[]), "TEE");
    }

    proptest! {
        #[test]
        fn whatever_the_text_a_slug_comes_of_it_once(text in ".{1,300}") {
            let made = slug(&text);
            prop_assert!(Slug::new(made.clone()).is_ok(), "{}", made);
            prop_assert_eq!(slug(&made), made.clone());
        }

        #[test]
        fn whatever_the_options_a_sku_comes_of_them(
            handle in "[a-z0-9]{1,100}", options in prop::collection::vec(".{0,60}", 0..5)
        ) {
            let made = sku(&handle, &options);
            prop_assert!((1..=64).contains(&made.len()) && made.bytes().all(|b| b.is_ascii_graphic()));
        }
    }
}
