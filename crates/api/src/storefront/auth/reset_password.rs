//! `POST /api/auth/password/reset`

use axum::{extract::State, http::StatusCode};
use garde::Validate;
use identity::{InvalidIdentity, Password};
use kernel::ErrorCode;
use pg::DbError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    mail::{self, Told},
    problem, proof,
};
use crate::{
    AppState,
    kit::{self, Problem, denylist, problem::ProblemBody},
};

/// A new password for what the link in the mail carried.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPasswordRequest {
    /// The link's token.
    #[garde(length(max = 128))]
    #[schema(example = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", max_length = 128)]
    pub token: String,
    /// A password of at least 10 characters that is not easy to guess.
    #[garde(skip)]
    #[schema(min_length = 10, max_length = 128, format = Password)]
    pub password: String,
}

/// Sets a new password and ends every session of the account. The address counts as verified. Sign
/// in next. A password that is refused leaves the token good.
#[utoipa::path(
    post, path = "/api/auth/password/reset", tag = "auth", operation_id = "reset_password",
    request_body = ResetPasswordRequest,
    responses(
        (status = 204, description = "Sign in with the new password"),
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
    kit::Json(body): kit::Json<ResetPasswordRequest>,
) -> Result<StatusCode, Problem> {
    let token = proof::read(&body.token)?;
    let password = Password::new(body.password).map_err(refused)?;
    // Looked at before the work of hashing, which nobody gets for a token that is not good.
    let person = {
        let mut conn = state.db.acquire().await?;
        identity::reset_candidate(&mut conn, &token, state.clock.now()).await?
    };
    let person = person.ok_or_else(proof::refused)?;
    let password = password.unlike(person.email.as_str(), &person.name).map_err(refused)?;
    let hash = state.passwords.hash(password, &state.ids).await.map_err(problem)?;
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    let user = checkout::claim::reset_password(&mut tx, &token, &hash, now).await?;
    let user = user.ok_or_else(proof::refused)?;
    mail::tell(&mut tx, &state, user.email.as_str(), Told::PasswordChanged).await?;
    tx.commit().await.map_err(DbError::from)?;
    denylist::look(&state).await;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: InvalidIdentity) -> Problem {
    Problem::new(ErrorCode::ValidationFailed).field("/password", error.to_string())
}
