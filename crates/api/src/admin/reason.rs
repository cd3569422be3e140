//! What is done for a reason, and needs nothing else.

use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

/// Why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// For the audit log and the ledger.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}
