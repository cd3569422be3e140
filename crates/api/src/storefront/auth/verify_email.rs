//! `POST /api/auth/email/verify`

use axum::{Json, extract::State};
use garde::Validate;
use pg::DbError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::proof;
use crate::{
    AppState,
    kit::{self, Problem, problem::ProblemBody},
};

/// What the link in the mail carried.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmailRequest {
    /// The link's token.
    #[garde(length(max = 128))]
    #[schema(example = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", max_length = 128)]
    pub token: String,
}

/// A verified address.
#[derive(Serialize, ToSchema)]
pub struct VerifiedEmail {
    /// Which.
    #[schema(example = "a@example.com")]
    pub email: String,
}

/// Verifies the address that the token was sent to. Orders placed as a guest with it become the
/// account's. Nobody need be signed in: the link may be opened on another device.
#[utoipa::path(
    post, path = "/api/auth/email/verify", tag = "auth", operation_id = "verify_email",
    request_body = VerifyEmailRequest,
    responses(
        (status = 200, body = VerifiedEmail),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`TOKEN_INVALID`: unknown, used or too old; `VALIDATION_FAILED`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    kit::Json(body): kit::Json<VerifyEmailRequest>,
) -> Result<Json<VerifiedEmail>, Problem> {
    let token = proof::read(&body.token)?;
    let mut tx = state.db.begin().await?;
    let user = checkout::claim::verify_email(&mut tx, &token, state.clock.now()).await?;
    let user = user.ok_or_else(proof::refused)?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(VerifiedEmail { email: user.email.as_str().to_owned() }))
}
