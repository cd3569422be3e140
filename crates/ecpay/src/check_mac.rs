//! `CheckMacValue` (檢查碼): how ECPay signs a message, and how to check one.
//!
//! All fields except `CheckMacValue` itself are sorted by lower-cased name, joined, wrapped in
//! the hash key and IV, encoded once as .NET's `HttpUtility.UrlEncode` would, lower-cased and
//! hashed. Fields that are present with an empty value take part; absent ones do not. Fields this
//! crate has never heard of take part too.

use std::fmt;

use md5::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The name of the field that carries the signature.
pub const CHECK_MAC_VALUE: &str = "CheckMacValue";

/// The digest a product of ECPay signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// AIO checkout, every payment query, refunds, reconciliation (`EncryptType=1`).
    Sha256,
    /// Domestic logistics, and the e-invoice allowance callback. Never payments.
    Md5,
}

/// Why a pair of keys was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// With an empty key anyone could forge a signature.
    #[error("the ECPay hash key is empty")]
    EmptyKey,
    /// With an empty IV anyone could forge a signature.
    #[error("the ECPay hash IV is empty")]
    EmptyIv,
}

/// The hash key and IV of a merchant: the shared secret behind every signature.
///
/// ```
/// use ecpay::{Algorithm, HashKeys};
///
/// let keys = HashKeys::new("pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
/// let fields = [("MerchantID", "3002607"), ("TotalAmount", "100")];
/// let mac = keys.sign(Algorithm::Sha256, fields);
/// assert!(keys.verify(Algorithm::Sha256, fields, &mac));
/// assert_eq!(format!("{keys:?}"), "HashKeys(****)");
/// # Ok::<(), ecpay::KeysError>(())
/// ```
#[derive(Clone)]
pub struct HashKeys {
    key: String,
    iv: String,
}

impl HashKeys {
    /// Keeps a key and an IV; white space around them (a frequent slip of configuration) is cut.
    pub fn new(key: &str, iv: &str) -> Result<Self, KeysError> {
        let (key, iv) = (key.trim(), iv.trim());
        if key.is_empty() {
            return Err(KeysError::EmptyKey);
        }
        if iv.is_empty() {
            return Err(KeysError::EmptyIv);
        }
        Ok(Self { key: key.to_owned(), iv: iv.to_owned() })
    }

    /// The signature of `fields`, upper-case hexadecimal. A `CheckMacValue` among them is skipped.
    ///
    /// The values are the decoded ones: sign what you mean, not what the form encoding makes of it.
    pub fn sign<'a>(
        &self,
        algorithm: Algorithm,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> String {
        let text = self.text_to_hash(fields);
        match algorithm {
            Algorithm::Sha256 => hex::encode_upper(Sha256::digest(text.as_bytes())),
            Algorithm::Md5 => hex::encode_upper(Md5::digest(text.as_bytes())),
        }
    }

    /// Whether `received` is the signature of `fields`, compared in constant time.
    pub fn verify<'a>(
        &self,
        algorithm: Algorithm,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
        received: &str,
    ) -> bool {
        let expected = self.sign(algorithm, fields);
        // Hexadecimal digits say the same in either case; ECPay sends upper case.
        let received = received.to_ascii_uppercase();
        expected.as_bytes().ct_eq(received.as_bytes()).into()
    }

    fn text_to_hash<'a>(&self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        let mut fields: Vec<(String, &str, &str)> = fields
            .into_iter()
            .filter(|(name, _)| *name != CHECK_MAC_VALUE)
            .map(|(name, value)| (name.to_lowercase(), name, value))
            .collect();
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        let mut raw = format!("HashKey={}", self.key);
        for (_, name, value) in &fields {
            raw.push('&');
            raw.push_str(name);
            raw.push('=');
            raw.push_str(value);
        }
        raw.push_str("&HashIV=");
        raw.push_str(&self.iv);
        dotnet_url_encode(&raw)
    }
}

impl fmt::Debug for HashKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKeys(****)")
    }
}

/// Encodes as .NET's `HttpUtility.UrlEncode` does, and lower-cases the result.
///
/// Letters, digits and `- _ . ! * ( )` stay (letters become lower case), a space becomes `+`,
/// every other byte of the UTF-8 text becomes `%xx`. Use it for `CheckMacValue` only: it is not
/// how a form body is encoded.
pub fn dotnet_url_encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' => encoded.push(char::from(byte.to_ascii_lowercase())),
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => {
                encoded.push('%');
                encoded.push(char::from(HEX[usize::from(byte >> 4)]));
                encoded.push(char::from(HEX[usize::from(byte & 0x0f)]));
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> HashKeys {
        HashKeys::new("pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").unwrap()
    }

    #[test]
    fn the_encoding_table_of_the_manual() {
        let table = [
            ("AZaz09", "azaz09"),
            ("-_.!*()", "-_.!*()"),
            (" ", "+"),
            ("~", "%7e"),
            ("'", "%27"),
            ("\"#$%&", "%22%23%24%25%26"),
            ("+,/:;", "%2b%2c%2f%3a%3b"),
            ("<=>?@", "%3c%3d%3e%3f%40"),
            ("[\\]^`", "%5b%5c%5d%5e%60"),
            ("{|}", "%7b%7c%7d"),
            ("\n\u{7f}", "%0a%7f"),
            ("綠", "%e7%b6%a0"),
        ];
        for (text, encoded) in table {
            assert_eq!(dotnet_url_encode(text), encoded, "{text:?}");
        }
    }

    #[test]
    fn empty_keys_are_refused() {
        assert_eq!(HashKeys::new("", "iv").unwrap_err(), KeysError::EmptyKey);
        assert_eq!(HashKeys::new(" \t\u{3000}", "iv").unwrap_err(), KeysError::EmptyKey);
        assert_eq!(HashKeys::new("key", " \n").unwrap_err(), KeysError::EmptyIv);
    }

    #[test]
    fn white_space_around_configured_keys_does_not_matter() {
        let padded = HashKeys::new(" pwFHCqoQZGmho4w6\n", "\tEkRm7iFT261dpevs ").unwrap();
        let fields = [("a", "1")];
        assert_eq!(padded.sign(Algorithm::Sha256, fields), keys().sign(Algorithm::Sha256, fields));
    }

    #[test]
    fn names_sort_without_regard_to_case_and_order_of_arrival() {
        let one = [("gwsr", "1"), ("MerchantID", "2"), ("ATMAccNo", "3"), ("amount", "4")];
        let other = [("MerchantID", "2"), ("amount", "4"), ("gwsr", "1"), ("ATMAccNo", "3")];
        assert_eq!(keys().sign(Algorithm::Sha256, one), keys().sign(Algorithm::Sha256, other));
    }

    #[test]
    fn the_signature_itself_is_not_signed() {
        let bare = [("a", "1")];
        let signed = [("a", "1"), (CHECK_MAC_VALUE, "whatever")];
        assert_eq!(keys().sign(Algorithm::Sha256, bare), keys().sign(Algorithm::Sha256, signed));
    }

    #[test]
    fn an_empty_field_is_not_an_absent_one() {
        let absent = [("a", "1")];
        let empty = [("a", "1"), ("b", "")];
        let mac = keys().sign(Algorithm::Sha256, empty);
        assert!(!keys().verify(Algorithm::Sha256, absent, &mac));
    }

    #[test]
    fn nothing_but_the_whole_signature_will_do() {
        let fields = [("a", "1")];
        let mac = keys().sign(Algorithm::Sha256, fields);
        assert_eq!(mac.len(), 64);
        assert!(keys().verify(Algorithm::Sha256, fields, &mac.to_lowercase()));
        assert!(!keys().verify(Algorithm::Sha256, fields, ""));
        assert!(!keys().verify(Algorithm::Sha256, fields, &mac[..63]));
        assert!(!keys().verify(Algorithm::Sha256, fields, &format!("{mac}0")));
        assert!(!keys().verify(Algorithm::Md5, fields, &mac));
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", keys());
        assert!(!shown.contains("pwFH") && !shown.contains("EkRm"), "{shown}");
    }
}
