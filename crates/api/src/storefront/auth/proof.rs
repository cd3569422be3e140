//! The token of a link in a mail, as it comes back.

use identity::ProofToken;
use kernel::ErrorCode;

use crate::kit::Problem;

/// Reads it. What cannot be a token is answered like one that is not good.
pub(super) fn read(text: &str) -> Result<ProofToken, Problem> {
    ProofToken::parse(text).ok_or_else(refused)
}

/// Unknown, used, or too old: which, is nobody's business.
pub(super) fn refused() -> Problem {
    ErrorCode::TokenInvalid.into()
}
