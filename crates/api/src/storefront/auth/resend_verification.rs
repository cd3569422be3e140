//! `POST /api/auth/email/verify/resend`

use axum::{Json, extract::State, http::StatusCode};
use identity::Resend;
use kernel::ErrorCode;
use pg::DbError;

use super::{
    check_email::{self, CheckEmail},
    mail::{self, Told},
};
use crate::{
    AppState,
    kit::{Person, Problem, problem::ProblemBody},
};

/// Sends the mail that verifies one's address once more. For an address that is verified nothing
/// is sent.
#[utoipa::path(
    post, path = "/api/auth/email/verify/resend", tag = "auth",
    operation_id = "resend_verification",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = CheckEmail),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
) -> Result<(StatusCode, Json<CheckEmail>), Problem> {
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    match identity::resend_verification(&mut tx, claims.user_id, &state.ids, now).await? {
        Resend::Token(user, token) => {
            mail::tell(&mut tx, &state, user.email.as_str(), Told::VerifyEmail(&token)).await?;
            tx.commit().await.map_err(DbError::from)?;
        }
        Resend::Verified => {}
        Resend::Inactive => return Err(ErrorCode::AuthUnauthorized.into()),
    }
    Ok(check_email::answer())
}
