//! The parts of an order's form that two endpoints share.

#![expect(clippy::trivially_copy_pass_by_ref, reason = "the signature garde calls checks with")]

use garde::Validate;
use orders::{Address, Contact};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How to reach the buyer.
#[derive(Clone, Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactForm {
    /// E-mail address.
    #[garde(email, length(chars, max = 254))]
    #[schema(example = "a@example.com", max_length = 254)]
    pub email: String,
    /// Telephone number.
    #[garde(custom(check_phone))]
    #[schema(example = "0912345678", min_length = 6, max_length = 20)]
    pub phone: String,
}

/// Where the goods go.
#[derive(Clone, Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressForm {
    /// Who receives them.
    #[garde(length(chars, min = 1, max = 60), custom(check_text))]
    #[schema(example = "王小明", min_length = 1, max_length = 60)]
    pub name: String,
    /// Telephone of the receiver.
    #[garde(custom(check_phone))]
    #[schema(example = "0912345678", min_length = 6, max_length = 20)]
    pub phone: String,
    /// Three to six digits.
    #[garde(custom(check_postal_code))]
    #[schema(example = "100", pattern = "^[0-9]{3,6}$")]
    pub postal_code: String,
    /// 縣市.
    #[garde(length(chars, min = 1, max = 30), custom(check_text))]
    #[schema(example = "臺北市", min_length = 1, max_length = 30)]
    pub city: String,
    /// 鄉鎮市區.
    #[garde(length(chars, min = 1, max = 30), custom(check_text))]
    #[schema(example = "中正區", min_length = 1, max_length = 30)]
    pub district: String,
    /// Street and number.
    #[garde(length(chars, min = 1, max = 120), custom(check_text))]
    #[schema(example = "重慶南路一段 122 號", min_length = 1, max_length = 120)]
    pub address1: String,
    /// Floor, building, …
    #[serde(default)]
    #[garde(inner(length(chars, max = 120), custom(check_text)))]
    #[schema(max_length = 120)]
    pub address2: Option<String>,
}

impl From<ContactForm> for Contact {
    fn from(form: ContactForm) -> Self {
        Self { email: form.email.trim().into(), phone: form.phone.into() }
    }
}

impl From<AddressForm> for Address {
    fn from(form: AddressForm) -> Self {
        Self {
            name: form.name.trim().into(),
            phone: form.phone.into(),
            postal_code: form.postal_code.into(),
            city: form.city.into(),
            district: form.district.into(),
            address1: form.address1.trim().into(),
            address2: form.address2.filter(|text| !text.trim().is_empty()).map(Into::into),
        }
    }
}

/// Digits, with the signs people write between them.
pub(crate) fn check_phone(value: &str, (): &()) -> garde::Result {
    let signs = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '#');
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if value.chars().all(signs) && (6..=15).contains(&digits) && value.len() <= 20 {
        return Ok(());
    }
    Err(garde::Error::new("is not a telephone number"))
}

/// Three to six digits.
pub(crate) fn check_postal_code(value: &str, (): &()) -> garde::Result {
    if (3..=6).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(garde::Error::new("is not a postal code of 3 to 6 digits"))
}

/// One line of text: something in it, and nothing that is not text. PostgreSQL refuses NUL.
pub fn check_text(value: &str, (): &()) -> garde::Result {
    if value.chars().any(char::is_control) {
        return Err(garde::Error::new("holds control characters"));
    }
    if !value.is_empty() && value.trim().is_empty() {
        return Err(garde::Error::new("is blank"));
    }
    Ok(())
}

/// Text of several lines.
pub fn check_long_text(value: &str, (): &()) -> garde::Result {
    if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(garde::Error::new("holds control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers() {
        for good in ["0912345678", "+886 2 2345-6789", "(02)23456789#12"] {
            assert!(check_phone(good, &()).is_ok(), "{good}");
        }
        for bad in ["", "12345", "call me", "09123456780912345678", "０９１２３４５６７８"]
        {
            assert!(check_phone(bad, &()).is_err(), "{bad}");
        }
    }

    #[test]
    fn text_is_text() {
        assert!(check_text("王小明", &()).is_ok());
        for bad in ["\0", "a\nb", "  ", "\u{7f}"] {
            assert!(check_text(bad, &()).is_err(), "{bad:?}");
        }
        assert!(check_long_text("a\nb", &()).is_ok());
        assert!(check_long_text("a\0b", &()).is_err());
    }
}
