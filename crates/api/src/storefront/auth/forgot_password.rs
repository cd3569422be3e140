//! `POST /api/auth/password/forgot`

use axum::{Json, extract::State, http::StatusCode};
use garde::Validate;
use identity::Email;
use kernel::ErrorCode;
use pg::DbError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    check_email::{self, CheckEmail},
    mail::{self, Told},
};
use crate::{
    AppState,
    kit::{self, Problem, problem::ProblemBody},
};

/// Whose password is forgotten.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotPasswordRequest {
    /// The account's e-mail address.
    #[garde(skip)]
    #[schema(example = "a@example.com", max_length = 254)]
    pub email: String,
}

/// Sends a mail with a link to set a new password, if the address has an account. The answer is
/// the same if it has none.
#[utoipa::path(
    post, path = "/api/auth/password/forgot", tag = "auth", operation_id = "forgot_password",
    request_body = ForgotPasswordRequest,
    responses(
        (status = 202, body = CheckEmail),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`: not an address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    kit::Json(body): kit::Json<ForgotPasswordRequest>,
) -> Result<(StatusCode, Json<CheckEmail>), Problem> {
    let email = Email::new(&body.email).map_err(|error| {
        Problem::new(ErrorCode::ValidationFailed).field("/email", error.to_string())
    })?;
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    if let Some((user, token)) = identity::forgot_password(&mut tx, &email, &state.ids, now).await?
    {
        mail::tell(&mut tx, &state, user.email.as_str(), Told::ResetPassword(&token)).await?;
    }
    // Also for nobody: the commit takes the same time.
    tx.commit().await.map_err(DbError::from)?;
    Ok(check_email::answer())
}
