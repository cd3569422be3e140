//! `DELETE /api/me`

use axum::{extract::State, http::StatusCode};
use axum_extra::extract::CookieJar;
use garde::Validate;
use kernel::ErrorCode;
use pg::DbError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::password_again;
use crate::{
    AppState,
    kit::{self, ClientIp, Person, Problem, denylist, problem::ProblemBody},
    storefront::auth::{problem, session},
};

/// Proof that it is the owner who leaves.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseAccount {
    /// The account's password.
    #[garde(length(max = 1024))]
    #[schema(format = Password)]
    pub password: String,
}

/// Closes the account for good: every session ends, and what says whose it was is removed, and so are
/// the wish list and what a verified address waits for. Orders stay, as the law demands, with the
/// contact they were placed with. The address is free for a new account.
#[utoipa::path(
    delete, path = "/api/me", tag = "auth", operation_id = "close_account",
    request_body = CloseAccount,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The account is closed"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`AUTH_UNAUTHORIZED`; `AUTH_INVALID_CREDENTIALS`: the password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: the last administrator cannot leave", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    ClientIp(ip): ClientIp,
    jar: CookieJar,
    kit::Json(body): kit::Json<CloseAccount>,
) -> Result<(StatusCode, CookieJar), Problem> {
    let who = password_again::check(&state, claims.user_id, ip, body.password).await?;
    let mut tx = state.db.begin().await?;
    let closed = identity::close_account(&mut tx, &who, state.clock.now()).await;
    let user = closed.map_err(problem)?.ok_or(ErrorCode::AuthInvalidCredentials)?;
    cart::forget_wishes(&mut tx, user.id).await?;
    // An address that nobody has shown to be theirs may be somebody else's.
    if user.email_verified {
        notifications::notices::forget_email(&mut tx, user.email.as_str()).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    denylist::look(&state).await;
    Ok((StatusCode::NO_CONTENT, session::forget(&state, jar)))
}
