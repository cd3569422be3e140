//! Refresh tokens: 32 random bytes that only their owner has.

use data_encoding::BASE64URL_NOPAD;
use kernel::Ids;
use sha2::{Digest as _, Sha256};

/// A refresh token as the client keeps it. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken([u8; 32]);

impl RefreshToken {
    pub(crate) fn new(ids: &Ids) -> Self {
        Self(ids.bytes())
    }

    /// Reads what a client sent; `None` when it cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// What the client is given.
    pub fn reveal(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// What the database keeps. The token has 256 random bits: a plain hash cannot be guessed back.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_way_and_its_digest_is_another_text() {
        let token = RefreshToken::new(&Ids::from_seed(1));
        assert_eq!(RefreshToken::parse(&token.reveal()), Some(token.clone()));
        assert_eq!(token.reveal().len(), 43);
        assert_ne!(token.digest(), token.0);
        assert_eq!(format!("{token:?}"), "RefreshToken(…)");
        for bad in ["", "abc", "§", &"A".repeat(42), &"A".repeat(44)] {
            assert_eq!(RefreshToken::parse(bad), None);
        }
    }
}
