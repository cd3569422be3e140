//! Bar codes 條碼 of variants.

use crate::model::InvalidProduct;

/// What a scanner reads off a package: a GTIN (EAN, UPC, JAN), or a shop's own sign. Two variants may
/// bear the same one: a maker does not print another for a gift box.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Barcode(String);

impl Barcode {
    /// The longest one.
    pub const MAX_LEN: usize = 64;

    /// A bar code, checked: visible ASCII; what has a GTIN's number of digits has its check digit.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidProduct> {
        let text = text.into();
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_gtin = matches!(text.len(), 8 | 12 | 13 | 14)
            && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_right = !is_gtin || has_check_digit(&text);
        if (1..=Self::MAX_LEN).contains(&text.len()) && visible && is_right {
            Ok(Self(text))
        } else {
            Err(InvalidProduct::Barcode(text))
        }
    }

    /// As it was kept.
    pub(crate) const fn kept(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the last digit is that of GS1: weighted 3 and 1 from the right, all add up to tens.
fn has_check_digit(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([1, 3].into_iter().cycle())
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn real_codes_are_known() {
        for right in [
            "96385074",
            "036000291452",
            "4006381333931",
            "9780201379624",
            "00012345600012",
            "SHOP-1",
            "123",
            "1234567890",
        ] {
            assert!(Barcode::new(right).is_ok(), "{right}");
        }
        for wrong in
            ["96385075", "036000291453", "4006381333932", "00012345600013", "", "a b", "碼"]
        {
            assert_eq!(Barcode::new(wrong), Err(InvalidProduct::Barcode(wrong.to_owned())));
        }
        assert!(Barcode::new("x".repeat(65)).is_err());
    }

    proptest! {
        #[test]
        fn exactly_one_digit_checks_and_no_single_error_passes(
            digits in "[0-9]{7}|[0-9]{11}|[0-9]{12}|[0-9]{13}", at in 0_usize..7, other in 1_u8..10
        ) {
            let right: Vec<String> = (0..10)
                .map(|last| format!("{digits}{last}"))
                .filter(|code| Barcode::new(code.clone()).is_ok())
                .collect();
            prop_assert_eq!(right.len(), 1);
            let mut wrong = right[0].clone().into_bytes();
            wrong[at] = b'0' + (wrong[at] - b'0' + other) % 10;
            prop_assert!(Barcode::new(String::from_utf8(wrong).unwrap()).is_err());
        }
    }
}
