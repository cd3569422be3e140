//! Codes of an authenticator app (TOTP, RFC 6238): SHA-1, six digits, thirty seconds, and one step
//! of grace each way for clocks that differ and people who type slowly.
//!
//! SHA-1 because every app knows it and many know nothing else; what breaks SHA-1 as a signature
//! does not break it in an HMAC.

use jiff::Timestamp;
use kernel::Ids;
use totp_rs::{Builder, Secret, Totp};

use crate::{IdentityError, model::Email};

/// What the app and the shop share. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; Self::BYTES]);

impl TotpSecret {
    /// As long as SHA-1's output, as RFC 4226 §4 advises.
    pub const BYTES: usize = 20;

    pub(crate) fn new(ids: &Ids) -> Self {
        Self(ids.bytes())
    }

    /// One that was made before.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// To be typed into an app that cannot scan.
    pub fn base32(&self) -> String {
        data_encoding::BASE32_NOPAD.encode(&self.0)
    }

    /// To be shown as a picture that an app scans. `issuer` is the shop's name there.
    pub fn otpauth_url(&self, issuer: &str, account: &Email) -> Result<String, IdentityError> {
        let bad = |error: totp_rs::TotpError| IdentityError::SecondFactor(error.to_string());
        // A colon parts issuer and account.
        let issuer = issuer.replace(':', " ");
        let builder = self.builder().with_issuer(Some(issuer)).with_account_name(account.as_str());
        builder.build().and_then(|totp| totp.to_url()).map_err(bad)
    }

    /// The 30-second step that this code is of, if it is good at `now`.
    pub(crate) fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let step = self.totp().check(code, seconds(now))?;
        i64::try_from(step).ok()
    }

    /// The code at a time: what the app shows.
    pub fn code_at(&self, at: Timestamp) -> String {
        self.totp().generate(seconds(at)).to_string()
    }

    fn builder(&self) -> Builder {
        Builder::new().with_secret(Secret::new_stack(self.0))
    }

    fn totp(&self) -> Totp {
        // Nothing here can be wrong: the secret has its length, the rest are the library's defaults.
        self.builder().build_noncompliant()
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// RFC 6238, appendix B, the SHA-1 rows: eight digits there, of which the last six are ours.
    #[test]
    fn the_rfcs_own_examples_hold() {
        let secret = TotpSecret(*b"12345678901234567890");
        for (second, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(secret.code_at(at(second)), code[2..], "{second}");
            assert_eq!(secret.step_of(&code[2..], at(second)), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn what_is_no_code_is_wrong() {
        let secret = TotpSecret(*b"12345678901234567890");
        for bad in ["", "28708", "2870822", "28708a", "+87082", " 87082", "２８７０８２"] {
            assert_eq!(secret.step_of(bad, at(59)), None, "{bad}");
        }
    }

    #[test]
    fn an_app_reads_the_url_and_nobody_reads_the_debug_text() {
        let secret = TotpSecret(*b"12345678901234567890");
        let email = Email::new("a+b@example.com").unwrap();
        let url = secret.otpauth_url("shop.example:8080", &email).unwrap();
        assert!(
            url.starts_with("otpauth://totp/shop.example%208080:a%2Bb%40example.com?"),
            "{url}"
        );
        assert!(url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{url}");
        assert!(url.contains("issuer=shop.example%208080"), "{url}");
        assert_eq!(secret.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(format!("{secret:?}"), "TotpSecret(…)");
    }

    proptest! {
        #[test]
        fn a_code_is_good_for_its_step_and_one_each_way(
            seed: [u8; 20], second in 1_000_i64..4_000_000_000, drift in -200_i64..200,
        ) {
            let secret = TotpSecret(seed);
            let code = secret.code_at(at(second));
            let found = secret.step_of(&code, at(second + drift));
            let own = second / 30;
            let near = ((second + drift) / 30 - own).abs() <= 1;
            // Two steps in a million share a code: then the earlier one may be named.
            match found {
                Some(step) => {
                    prop_assert!(((second + drift) / 30 - step).abs() <= 1);
                    prop_assert_eq!(secret.code_at(at(step * 30)), code);
                }
                None => prop_assert!(!near),
            }
        }
    }
}
