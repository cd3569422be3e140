//! What a request for an order is called: its key, and a seal over the key and the content.
//!
//! The key alone would not do: clients choose it, and one that chose badly could be guessed. The
//! seal is made with the shop's secret, so that a name cannot be made up; and it covers what was
//! asked, so that whoever sends a guessed key with another body gets another name. It is computed,
//! not stored: every node and every replay gives the same one.

use std::fmt;

use checkout::OrderAccess;
use data_encoding::BASE64URL_NOPAD;
use intake::{PlaceOrder, RequestName};
use kernel::ErrorCode;
use orders::Fingerprint;
use uuid::Uuid;

use crate::kit::Problem;

/// The name of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name(RequestName);

impl Name {
    /// The name of this request.
    pub fn of(request: &PlaceOrder, access: &OrderAccess) -> Self {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(request.key.as_bytes());
        let seal = access.request_seal(request.key, &request.fingerprint);
        bytes[16..].copy_from_slice(&seal);
        Self(bytes)
    }

    /// Reads a name out of a path.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| RequestName::try_from(bytes).ok());
        bytes.map(Self).ok_or_else(unknown)
    }

    /// As the store of requests wants it.
    pub const fn as_bytes(&self) -> &RequestName {
        &self.0
    }

    /// The idempotency key in it.
    pub fn key(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0[..16]);
        Uuid::from_bytes(bytes)
    }

    /// Whether it is the name of the request with this content.
    pub fn is_of(&self, fingerprint: &Fingerprint, access: &OrderAccess) -> bool {
        let mut seal = [0; 16];
        seal.copy_from_slice(&self.0[16..]);
        access.seals_request(self.key(), fingerprint, &seal)
    }

    /// Where to ask about it.
    pub fn location(&self) -> String {
        format!("/api/order-requests/{self}")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

/// It opens a guest's order: it does not belong in a log.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(…)")
    }
}

/// Nothing is known of such a request.
pub fn unknown() -> Problem {
    Problem::new(ErrorCode::OrderNotFound).detail(
        "nothing is known of this request (any more): send it again with the same Idempotency-Key",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_name_is_one() {
        let name = Name([7; 32]);
        assert_eq!(Name::parse(&name.to_string()).unwrap(), name);
        let text = name.to_string();
        for wrong in ["", "events", &text[1..], &format!("{text}AA"), "\u{0}"] {
            assert_eq!(Name::parse(wrong).unwrap_err().code(), ErrorCode::OrderNotFound, "{wrong}");
        }
    }
}
