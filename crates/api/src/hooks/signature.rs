//! Messages that other systems sign as Standard Webhooks says (<https://www.standardwebhooks.com>):
//! `webhook-signature: v1,<HMAC-SHA256 of "id.timestamp.body" in base64>`, several with spaces between
//! them while a secret is exchanged.

use axum::http::HeaderMap;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use thiserror::Error;

/// How old, or how early, a message may be.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// A secret's length in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// What both sides know.
#[derive(Clone)]
pub struct WebhookSecret(Vec<u8>);

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// Not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected whsec_ and 24 to 64 bytes in base64")]
pub struct NotASecret;

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unverified {
    /// One of the three headers is missing, or makes no sense.
    #[error("webhook-id, webhook-timestamp or webhook-signature is missing or malformed")]
    Headers,
    /// It was sent too long ago, or is from the future.
    #[error("the message is too old, or too early")]
    Time,
    /// No signature fits.
    #[error("no signature fits")]
    Signature,
}

impl WebhookSecret {
    /// Reads a secret as it is written: `whsec_` and base64.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let text = text.trim();
        let key = BASE64.decode(text.strip_prefix("whsec_").unwrap_or(text).as_bytes());
        let key = key.map_err(|_| NotASecret)?;
        if LENGTHS.contains(&key.len()) { Ok(Self(key)) } else { Err(NotASecret) }
    }

    /// Whether a message was sent by who knows the secret, now. Compared in constant time.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Unverified> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (id, sent, signatures) = header("webhook-id")
            .zip(header("webhook-timestamp"))
            .zip(header("webhook-signature"))
            .map(|((id, sent), signatures)| (id, sent, signatures))
            .ok_or(Unverified::Headers)?;
        let sent_at = sent.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
        let sent_at = sent_at.ok_or(Unverified::Headers)?;
        if now.duration_since(sent_at).abs() > TOLERANCE {
            return Err(Unverified::Time);
        }
        let given = signatures.split(' ').filter_map(|it| it.strip_prefix("v1,"));
        let fits = given
            .filter_map(|signature| BASE64.decode(signature.as_bytes()).ok())
            .any(|signature| self.mac(id, sent, body).verify_slice(&signature).is_ok());
        if fits { Ok(()) } else { Err(Unverified::Signature) }
    }

    fn mac(&self, id: &str, sent: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        for part in [id.as_bytes(), b".", sent.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SENT: i64 = 1_614_265_330;
    const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn verify(
        id: &str,
        signature: &str,
        body: &[u8],
        seconds_later: i64,
    ) -> Result<(), Unverified> {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", SENT.to_string().parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        let now = Timestamp::from_second(SENT + seconds_later).unwrap();
        WebhookSecret::parse(SECRET).unwrap().verify(&headers, body, now)
    }

    #[test]
    fn the_standards_example_is_believed_for_five_minutes() {
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        for late in [0, 300, -300] {
            assert_eq!(verify(id, GOOD, BODY, late), Ok(()), "{late}");
        }
        for late in [301, -301] {
            assert_eq!(verify(id, GOOD, BODY, late), Err(Unverified::Time), "{late}");
        }
        // While the secret is exchanged, one of several fits.
        let two = format!("v1,AAAA v2,xxxx {GOOD}");
        assert_eq!(verify(id, &two, BODY, 0), Ok(()));
    }

    #[test]
    fn what_was_changed_on_the_way_is_not_believed() {
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        for (id, signature, body) in [
            ("msg_other", GOOD, BODY),
            (id, GOOD, b"{}".as_slice()),
            (id, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=", BODY),
            (id, &GOOD[3..], BODY),
            (id, "v1,", BODY),
            (id, "v1,not base64", BODY),
        ] {
            assert_eq!(verify(id, signature, body, 0), Err(Unverified::Signature), "{signature}");
        }
        let secret = WebhookSecret::parse(SECRET).unwrap();
        let now = Timestamp::from_second(SENT).unwrap();
        assert_eq!(secret.verify(&HeaderMap::new(), BODY, now), Err(Unverified::Headers));
    }

    #[test]
    fn a_secret_is_long_enough_and_never_shown() {
        assert!(format!("{:?}", WebhookSecret::parse(SECRET).unwrap()).ends_with("(…)"));
        for bad in ["", "whsec_", "whsec_AAAA", "whsec_!!!!", "secret"] {
            assert_eq!(WebhookSecret::parse(bad).unwrap_err(), NotASecret, "{bad}");
        }
    }
}
