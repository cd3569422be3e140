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
        caller::{ACCESS_COOKIE, REFRESH_COOKIE},
        problem::ProblemBody,
    },
};

/// Signs out: ends the session that the tokens sent along belong to, and takes the cookies away.
/// Whoever is not signed in gets the same answer.
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
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .map(|(_, token)| token.trim().to_owned());
    let access = bearer.or_else(|| jar.get(ACCESS_COOKIE).map(|c| c.value().to_owned()));
    if let Some(claims) = access.and_then(|token| state.tokens.verify(&token, now).ok()) {
        let reason = EndReason::SignedOut;
        identity::end_session(&mut conn, claims.session_id, reason, now).await?;
    }
    // The access token may have run out; the refresh token knows its session too.
    let refresh = jar.get(REFRESH_COOKIE).and_then(|c| RefreshToken::parse(c.value()));
    if let Some(token) = refresh {
        identity::end_session_of(&mut conn, &token, EndReason::SignedOut, now).await?;
    }
    Ok((StatusCode::NO_CONTENT, session::forget(&state, jar)))
}
