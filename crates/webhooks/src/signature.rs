//! Signatures of [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks), with a
//! shared secret: `v1,` and the HMAC-SHA256 of `{id}.{timestamp}.{body}` in Base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

use crate::Secret;

/// The header with the message's id: the same for every attempt, so that a repetition is known.
pub const ID: &str = "webhook-id";
/// The header with the attempt's time, in seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures, one for each secret, with spaces between.
pub const SIGNATURE: &str = "webhook-signature";

/// The value of [`SIGNATURE`].
pub fn sign(secrets: &[Secret], id: &str, at: Timestamp, body: &str) -> String {
    let one = |secret: &Secret| {
        let mac = of(secret, id, at, body).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(mac))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Whether one of the signatures in the header is this secret's; compared in constant time. Whether
/// the time is near enough is for the receiver to decide.
pub fn verifies(secret: &Secret, id: &str, at: Timestamp, body: &str, header: &str) -> bool {
    header.split(' ').filter_map(|it| it.strip_prefix("v1,")).any(|signature| {
        let Ok(given) = STANDARD.decode(signature) else { return false };
        of(secret, id, at, body).verify_slice(&given).is_ok()
    })
}

fn of(secret: &Secret, id: &str, at: Timestamp, body: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    for part in [id, ".", &at.as_second().to_string(), ".", body] {
        mac.update(part.as_bytes());
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test suites of the specification's own libraries.
    #[test]
    fn the_specifications_example_comes_out() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign(std::slice::from_ref(&secret), id, at, body), expected);
        assert!(verifies(&secret, id, at, body, expected));
        assert!(verifies(&secret, id, at, body, &format!("v1,AAAA v2,BBBB {expected}")));
        for bad in ["", "v1,", "v1,AAAA", &expected[3..], &expected.replace("v1", "v2")] {
            assert!(!verifies(&secret, id, at, body, bad), "{bad}");
        }
        assert!(!verifies(&secret, "msg_other", at, body, expected));
        assert!(!verifies(&secret, id, Timestamp::UNIX_EPOCH, body, expected));
        assert!(!verifies(&secret, id, at, r#"{"test": 2432232315}"#, expected));
    }

    #[test]
    fn while_one_secret_follows_another_both_sign() {
        let ids = kernel::Ids::from_seed(1);
        let (old, new) = (Secret::new(&ids), Secret::new(&ids));
        let (at, body) = (Timestamp::UNIX_EPOCH, "{}");
        let header = sign(&[new.clone(), old.clone()], "1", at, body);
        assert_eq!(header.split(' ').count(), 2);
        assert!(verifies(&old, "1", at, body, &header) && verifies(&new, "1", at, body, &header));
        assert!(!verifies(&Secret::new(&ids), "1", at, body, &header));
    }
}
