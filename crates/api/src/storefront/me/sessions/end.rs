//! `DELETE /api/me/sessions/{id}`

use axum::{extract::State, http::StatusCode};
use axum_extra::extract::CookieJar;
use kernel::{ErrorCode, id::SessionId};

use crate::{
    AppState,
    kit::{Path, Person, Problem, denylist, problem::ProblemBody},
    storefront::auth::session,
};

/// Ends one of one's sessions: that device is signed out.
#[utoipa::path(
    delete, path = "/api/me/sessions/{id}", tag = "auth", operation_id = "end_session",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Signed out there; here, if it is this one, the cookies are taken away"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Unknown, over, or somebody else's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    jar: CookieJar,
    Path(id): Path<SessionId>,
) -> Result<(StatusCode, CookieJar), Problem> {
    let now = state.clock.now();
    let ended = {
        let mut conn = state.db.acquire().await?;
        identity::end_own_session(&mut conn, claims.user_id, id, now).await?
    };
    if !ended {
        return Err(ErrorCode::NotFound.into());
    }
    denylist::look(&state).await;
    let jar = if id == claims.session_id { session::forget(&state, jar) } else { jar };
    Ok((StatusCode::NO_CONTENT, jar))
}
