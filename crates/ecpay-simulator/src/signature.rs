//! `CheckMacValue`, written after the manual's step-by-step description.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::config::MerchantConfig;

/// What .NET's `UrlEncode` changes: everything but letters, digits and `-_.!*()`.
/// (The space is handled apart.)
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'*')
    .remove(b'(')
    .remove(b')')
    .remove(b' ');

/// The signature (`CheckMacValue`) of the fields, the one they may already carry left out.
pub fn sign(merchant: &MerchantConfig, fields: &[(String, String)]) -> String {
    let sorted: BTreeMap<String, String> = fields
        .iter()
        .filter(|(name, _)| name != "CheckMacValue")
        .map(|(name, value)| (name.to_lowercase(), format!("{name}={value}")))
        .collect();
    let joined = sorted.into_values().collect::<Vec<_>>().join("&");
    let wrapped = format!("HashKey={}&{joined}&HashIV={}", merchant.hash_key, merchant.hash_iv);
    let encoded = utf8_percent_encode(&wrapped, ENCODED).to_string().replace(' ', "+");
    let mut hexadecimal = String::with_capacity(64);
    for byte in Sha256::digest(encoded.to_lowercase()) {
        // Writing to a String cannot fail.
        let _ = write!(hexadecimal, "{byte:02X}");
    }
    hexadecimal
}

/// Whether the fields carry their right signature.
pub(crate) fn verify(merchant: &MerchantConfig, fields: &[(String, String)]) -> bool {
    let received = fields.iter().find(|(name, _)| name == "CheckMacValue");
    received.is_some_and(|(_, mac)| mac.eq_ignore_ascii_case(&sign(merchant, fields)))
}

/// Adds the signature at the end.
pub(crate) fn signed(
    merchant: &MerchantConfig,
    mut fields: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let mac = sign(merchant, &fields);
    fields.push(("CheckMacValue".into(), mac));
    fields
}

/// Changes one digit of a signature, so that it does not fit any more.
pub(crate) fn spoil(signed: &mut [(String, String)]) {
    for (_, mac) in signed.iter_mut().filter(|(name, _)| name == "CheckMacValue") {
        let other = if mac.starts_with('0') { "1" } else { "0" };
        mac.replace_range(..1, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manuals_example() {
        let fields = [
            ("TradeDesc", "促銷方案"),
            ("PaymentType", "aio"),
            ("MerchantTradeDate", "2023/03/12 15:30:23"),
            ("MerchantTradeNo", "ecpay20230312153023"),
            ("MerchantID", "3002607"),
            ("ReturnURL", "https://www.ecpay.com.tw/receive.php"),
            ("ItemName", "Apple iphone 15"),
            ("TotalAmount", "30000"),
            ("ChoosePayment", "ALL"),
            ("EncryptType", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            sign(&MerchantConfig::public_test(), &fields),
            "6C51C9E6888DE861FD62FB1DD17029FC742634498FD813DC43D4243B5685B840"
        );
    }
}
