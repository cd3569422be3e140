//! What deliveries are signed with: made here, shown once, kept sealed.
//!
//! A receiver needs the same bytes as we do, so they have to be kept readable. They are sealed with
//! AES-256-GCM, bound to their endpoint, with a key from the table of secrets. As with the secrets of
//! second factors, that helps where only a part of the database gets out.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kernel::{Ids, id::WebhookId};

use crate::WebhookError;

/// What a secret begins with where people see it.
const PREFIX: &str = "whsec_";
/// Bytes of a secret; Standard Webhooks say 24 to 64.
const BYTES: usize = 32;

/// A shared secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A new one.
    pub fn new(ids: &Ids) -> Self {
        Self(ids.bytes::<BYTES>().to_vec())
    }

    /// One as people have it.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (24..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// As it is shown, once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// For signing.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Aes256Gcm);

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Sealer {
    /// With this installation's key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(&(*key).into()))
    }

    /// Seals a secret for its endpoint.
    pub fn seal(
        &self,
        endpoint: WebhookId,
        secret: &Secret,
        ids: &Ids,
    ) -> Result<Vec<u8>, WebhookError> {
        let nonce: [u8; 12] = ids.bytes();
        let (id, msg) = (endpoint.as_uuid(), secret.bytes());
        let sealed = self.0.encrypt(&Nonce::from(nonce), Payload { msg, aad: id.as_bytes() });
        Ok([&nonce[..], &sealed.map_err(|_| WebhookError::Sealed)?].concat())
    }

    /// Opens a secret of this endpoint.
    pub fn open(&self, endpoint: WebhookId, sealed: &[u8]) -> Result<Secret, WebhookError> {
        let (nonce, msg) = sealed.split_first_chunk::<12>().ok_or(WebhookError::Sealed)?;
        let id = endpoint.as_uuid();
        let opened = self.0.decrypt(&Nonce::from(*nonce), Payload { msg, aad: id.as_bytes() });
        opened.map(Secret).map_err(|_| WebhookError::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_shown_is_what_is_read() {
        let secret = Secret::new(&Ids::from_seed(1));
        let shown = secret.reveal();
        assert_eq!((&shown[..6], shown.len()), ("whsec_", 6 + 44));
        assert_eq!(Secret::parse(&shown), Some(secret.clone()));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for bad in ["", "whsec_", "whsec_AAAA", "whsec_§", &shown[6..], &format!("{shown}{shown}")]
        {
            assert_eq!(Secret::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_secret_opens_for_its_endpoint_and_under_its_key_only() {
        let ids = Ids::from_seed(1);
        let (sealer, secret) = (Sealer::new(&[1; 32]), Secret::new(&ids));
        let [a, b] = [1, 2].map(|n| WebhookId::from(Uuid::from_u128(n)));
        let kept = sealer.seal(a, &secret, &ids).unwrap();
        assert_eq!(sealer.open(a, &kept).unwrap(), secret);
        assert!(!kept.windows(8).any(|part| part == &secret.bytes()[..8]), "sealed, not stored");
        assert_ne!(sealer.seal(a, &secret, &ids).unwrap(), kept, "a nonce each");
        let mut changed = kept.clone();
        changed[20] ^= 1;
        for refused in [
            sealer.open(b, &kept),
            Sealer::new(&[2; 32]).open(a, &kept),
            sealer.open(a, &changed),
            sealer.open(a, &kept[..11]),
        ] {
            assert!(matches!(refused, Err(WebhookError::Sealed)), "{refused:?}");
        }
    }
}
