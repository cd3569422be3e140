//! `POST /api/auth/logout-all`

use axum::{extract::State, http::StatusCode};
use axum_extra::extract::CookieJar;
use identity::EndReason;

use super::session;
use crate::{
    AppState,
    kit::{Person, Problem, denylist, problem::ProblemBody},
};

/// Signs out everywhere: ends every session of the account, this one included, and takes the
/// cookies away. API keys stay.
#[utoipa::path(
    post, path = "/api/auth/logout-all", tag = "auth", operation_id = "logout_all",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Signed out everywhere"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    jar: CookieJar,
) -> Result<(StatusCode, CookieJar), Problem> {
    {
        let mut conn = state.db.acquire().await?;
        let (reason, now) = (EndReason::SignedOut, state.clock.now());
        identity::end_sessions(&mut conn, claims.user_id, reason, now).await?;
    }
    denylist::look(&state).await;
    Ok((StatusCode::NO_CONTENT, session::forget(&state, jar)))
}
