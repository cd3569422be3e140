//! What may stand in a value.

use super::{Refusal, codes, refuse};
use crate::form::Form;

pub(super) fn check(form: &Form) -> Result<(), Refusal> {
    for (name, value) in &form.0 {
        if name == "HashKey" || name == "HashIV" {
            return refuse(codes::FORBIDDEN_TEXT, format!("{name} must never be posted"));
        }
        if value.chars().any(char::is_control) {
            return refuse(codes::FORBIDDEN_TEXT, format!("{name} contains control characters"));
        }
        // ECPay decodes these two once more before it signs.
        let lower = value.to_ascii_lowercase();
        if lower.contains("%26") || lower.contains("%3c") {
            let message = format!("CheckMacValue Error: decode %26 and %3C in {name} first");
            return refuse(codes::CHECK_MAC_VALUE, message);
        }
        let mut after = value.split('<').skip(1);
        let tag =
            |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        if after.any(tag) || value.contains("&#") {
            return refuse(codes::FORBIDDEN_TEXT, format!("{name} contains HTML"));
        }
    }
    for name in ["CustomField1", "CustomField2", "CustomField3", "CustomField4"] {
        let odd = |c: &char| c.is_ascii_punctuation() && !",.#()$[];%{}:/?&@<>!-_".contains(*c);
        if let Some(symbol) = form.get(name).chars().find(odd) {
            return refuse(codes::FORBIDDEN_TEXT, format!("{name} must not contain {symbol}"));
        }
    }
    for name in ["ItemName", "TradeDesc"] {
        let value = form.get(name).to_ascii_lowercase();
        for word in ["echo", "python", "cmd", "wget", "curl", "bash"] {
            if value.contains(word) {
                return refuse(codes::FIREWALL, format!("{name} was stopped by the firewall"));
            }
        }
    }
    Ok(())
}

pub(super) fn check_url(name: &str, url: &str) -> Result<(), Refusal> {
    if url.is_empty() {
        return Ok(());
    }
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let absolute = host.is_some_and(|host| {
        host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && host.split(['/', '?']).next().is_some_and(str::is_ascii)
    });
    if !absolute {
        return refuse(codes::BAD_URL, format!("{name} is not an http(s) address"));
    }
    if url.contains([';', '|', '`', ' ']) {
        return refuse(codes::BAD_URL, format!("{name} contains a character to avoid"));
    }
    Ok(())
}
