//! `Idempotency-Key`: required wherever asking twice must not happen twice.

use axum::{extract::FromRequestParts, http::request::Parts};
use kernel::{ErrorCode, id::UserId};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::problem::Problem;

/// The client's key as it came: 1–255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Bytes of a usual order, in which its fingerprint is taken without having to grow.
const USUAL: usize = 512;

impl IdempotencyKey {
    /// The key made unique for who asks and what for: two buyers may choose the same key.
    pub fn scoped(&self, purpose: &str, caller: Option<UserId>) -> Uuid {
        let mut hash = Sha256::new();
        hash.update(purpose);
        hash.update([0]);
        hash.update(caller.map_or(Uuid::nil(), UserId::as_uuid));
        hash.update(&self.0);
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// What was asked, in 32 bytes: the same for the same content however it was spaced.
pub fn fingerprint(request: &impl serde::Serialize) -> [u8; 32] {
    let mut content = Vec::with_capacity(USUAL);
    // A form that was read can be written; if not, all such are taken for the same.
    if serde_json::to_writer(&mut content, request).is_err() {
        content.clear();
    }
    Sha256::digest(&content).into()
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let missing = || {
            Problem::new(ErrorCode::IdempotencyKeyMissing)
                .detail("send Idempotency-Key with 1 to 255 visible ASCII characters")
        };
        let mut keys = parts.headers.get_all("idempotency-key").iter();
        let key = keys.next().and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        if keys.next().is_some() || !visible || !(1..=255).contains(&key.len()) {
            return Err(missing());
        }
        Ok(Self(key.to_owned()))
    }
}
