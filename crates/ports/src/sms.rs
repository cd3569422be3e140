//! Sending short messages (SMS). [`SmsRoute`] says which way they go: nowhere, into a folder
//! ([`DevSmsBox`]), or through Mitake 三竹 ([`mitake::Mitake`]), one of Taiwan's gateways.
//!
//! *Invariant:* the same [`Sms::id`] is the same message. *Invariant:* no telephone number is in an
//! error or a log line.

pub mod folder;
pub mod mitake;
mod route;

use futures::future::BoxFuture;
use uuid::Uuid;

pub use self::{
    folder::{DevSmsBox, StoredSms},
    route::SmsRoute,
};
use crate::redact;

/// A short message to one telephone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    /// The id of the job it comes from; the same id is the same message.
    pub id: Uuid,
    /// The telephone, as its owner wrote it: `0912-345-678`, `+886912345678`.
    pub to: String,
    /// What it says. Seventy characters of Chinese are one message to pay for.
    pub text: String,
}

/// Why a short message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SmsError {
    /// This one can never be sent: it is no mobile telephone, or there is nothing to say.
    #[error("the message cannot be sent: {0}")]
    Invalid(String),
    /// The gateway refuses it for good.
    #[error("the message was refused: {0}")]
    Refused(String),
    /// Perhaps later.
    #[error("the message could not be sent now: {0}")]
    Unavailable(String),
}

impl SmsError {
    fn refused(words: &str) -> Self {
        Self::Refused(redact::contacts(words))
    }

    fn unavailable(words: &str) -> Self {
        Self::Unavailable(redact::contacts(words))
    }
}

/// Whatever carries short messages out of the house.
pub trait SmsSender: Send + Sync {
    /// Sends one. Sending it again (the same id) does as little harm as the way allows:
    /// `docs/messages.md` says what that is.
    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<(), SmsError>>;
}

/// A mobile telephone of Taiwan in its ten digits, `0912345678`, out of what people write: with
/// spaces, dashes, or `+886` in front. `None`: it is something else.
pub fn mobile(number: &str) -> Option<String> {
    if number.chars().any(|it| !it.is_ascii_digit() && !"+-() .".contains(it)) {
        return None;
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let abroad = number.trim_start().starts_with('+');
    let local = match digits.strip_prefix("886") {
        Some(rest) if abroad => format!("0{}", rest.trim_start_matches('0')),
        _ if abroad => return None,
        _ => digits,
    };
    (local.len() == 10 && local.starts_with("09")).then_some(local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobile_telephones_are_recognised_however_they_are_written() {
        for (written, number) in [
            ("0912345678", Some("0912345678")),
            ("0912-345-678", Some("0912345678")),
            (" 0912 345 678 ", Some("0912345678")),
            ("+886912345678", Some("0912345678")),
            ("+886 (0)912-345-678", Some("0912345678")),
            ("02-2345-6789", None),
            ("091234567", None),
            ("09123456789", None),
            ("+81 90 1234 5678", None),
            ("886912345678", None),
            ("0912345678\n0911111111", None),
            ("0912345678,0911111111", None),
            ("", None),
        ] {
            assert_eq!(mobile(written).as_deref(), number, "{written:?}");
        }
    }
}
