//! `POST /api/auth/logout`

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use axum_extra::extract::CookieJar;
use identity::{EndReason, RefreshToken};

use super::session;
use crate::{
    AppState,
    kit::{
        Problem,
        caller::{self, ACCESS_COOKIE, REFRESH_COOKIE},
        cookies, denylist,
        problem::ProblemBody,
    },
};

/// Signs out: ends the session that the tokens sent along belong to, and takes the cookies away.
/// Its access tokens are refused from now on. Whoever is not signed in gets the same answer.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "auth", operation_id = "logout",
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Signed out"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<(StatusCode, CookieJar), Problem> {
    let now = state.clock.now();
    let mut conn = state.db.acquire().await?;
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let access = header.and_then(caller::bearer);
    let access = access.or_else(|| cookies::read(&state, &jar, ACCESS_COOKIE));
    // An API key is no session: it ends by being revoked.
    if let Some(claims) = access.and_then(|token| state.tokens.verify(token, now).ok()) {
        let reason = EndReason::SignedOut;
        identity::end_session(&mut conn, claims.session_id, reason, now).await?;
        state.revocations.note_session(claims.session_id, now);
    }
    // The access token may have run out; the refresh token knows its session too.
    let refresh = cookies::read(&state, &jar, REFRESH_COOKIE).and_then(RefreshToken::parse);
    if let Some(token) = refresh {
        identity::end_session_of(&mut conn, &token, EndReason::SignedOut, now).await?;
        drop(conn);
        denylist::look(&state).await;
    }
    Ok((StatusCode::NO_CONTENT, session::forget(&state, jar)))
}
