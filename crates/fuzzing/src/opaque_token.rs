//! Tokens that mean nothing to anybody but us.

use std::fmt::Debug;

use api::storefront::order_requests::name::Name;
use identity::{ApiKey, ProofToken, RecoveryCode, RefreshToken};

use crate::text;

/// A text is a token or it is none; as a token it is written as it was read, and shown nowhere.
pub fn opaque_token(data: &[u8]) {
    let given = text(data);
    look(&given, RefreshToken::parse(&given), RefreshToken::reveal);
    look(&given, ProofToken::parse(&given), ProofToken::reveal);
    look(&given, ApiKey::parse(&given), ApiKey::reveal);
    look(&given, Name::parse(&given).ok(), Name::to_string);
    // People type these: the same code has many spellings, and one of ours.
    if let Some(code) = RecoveryCode::parse(&given) {
        let shown = code.reveal();
        assert_eq!(RecoveryCode::parse(&shown), Some(code));
    }
}

fn look<T: Debug>(given: &str, token: Option<T>, reveal: impl Fn(&T) -> String) {
    let Some(token) = token else { return };
    assert_eq!(reveal(&token), given);
    let shown = format!("{token:?}");
    assert!(shown.ends_with("(…)") && !shown.contains(given), "{shown}");
}
