//! `POST /api/me/password`

use axum::{extract::State, http::StatusCode};
use garde::Validate;
use identity::{InvalidIdentity, Password};
use kernel::ErrorCode;
use pg::DbError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::password_again;
use crate::{
    AppState,
    kit::{self, ClientIp, Person, Problem, denylist, problem::ProblemBody},
    storefront::auth::{
        mail::{self, Told},
        problem,
    },
};

/// Another password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password until now.
    #[garde(length(max = 1024))]
    #[schema(format = Password)]
    pub current_password: String,
    /// A password of at least 10 characters that is not easy to guess.
    #[garde(skip)]
    #[schema(min_length = 10, max_length = 128, format = Password)]
    pub new_password: String,
}

/// Changes the password and ends the account's other sessions. A mail tells the owner.
#[utoipa::path(
    post, path = "/api/me/password", tag = "auth", operation_id = "change_password",
    request_body = ChangePassword,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The new password counts"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`AUTH_UNAUTHORIZED`; `AUTH_INVALID_CREDENTIALS`: the current password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    ClientIp(ip): ClientIp,
    kit::Json(body): kit::Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let password = Password::new(body.new_password).map_err(refused)?;
    let user = {
        let mut conn = state.db.acquire().await?;
        identity::user(&mut conn, claims.user_id).await?
    };
    let user = user.ok_or(ErrorCode::AuthUnauthorized)?;
    let password = password.unlike(user.email.as_str(), &user.name).map_err(refused)?;
    let who = password_again::check(&state, user.id, ip, body.current_password).await?;
    let hash = state.passwords.hash(password, &state.ids).await.map_err(problem)?;
    let mut tx = state.db.begin().await?;
    let (kept, now) = (claims.session_id, state.clock.now());
    let user = identity::change_password(&mut tx, &who, &hash, kept, now).await?;
    // Changed by somebody else since it was checked: it is not the current one any more.
    let user = user.ok_or(ErrorCode::AuthInvalidCredentials)?;
    mail::tell(&mut tx, &state, user.email.as_str(), Told::PasswordChanged).await?;
    tx.commit().await.map_err(DbError::from)?;
    denylist::look(&state).await;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: InvalidIdentity) -> Problem {
    Problem::new(ErrorCode::ValidationFailed).field("/new_password", error.to_string())
}
