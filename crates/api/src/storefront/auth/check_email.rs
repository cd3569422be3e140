//! The answer that tells nothing: what comes of the request is told by mail.

use axum::{Json, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

/// How to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Look for a mail.
    CheckEmail,
}

/// What comes of it is told by mail, to whoever reads the mail of that address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckEmail {
    /// How to go on.
    #[schema(example = "check_email")]
    pub status: NextStep,
}

/// The answer, always the same.
pub(super) const fn answer() -> (StatusCode, Json<CheckEmail>) {
    (StatusCode::ACCEPTED, Json(CheckEmail { status: NextStep::CheckEmail }))
}
