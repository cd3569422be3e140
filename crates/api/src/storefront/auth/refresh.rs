//! `POST /api/auth/refresh`

use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use axum_extra::extract::CookieJar;
use identity::{RefreshToken, Refreshed};
use kernel::ErrorCode;
use pg::DbError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    problem,
    session::{self, Session},
};
use crate::{
    AppState,
    kit::{Problem, body, caller::REFRESH_COOKIE, cookies, denylist, problem::ProblemBody},
};

/// For programs without cookies; browsers send nothing.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token; without it, the cookie's is used.
    #[serde(default)]
    pub refresh_token: Option<String>,
}

/// Exchanges the refresh token for new tokens. Each works once; one that comes back later ends its
/// session.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "auth", operation_id = "refresh",
    request_body(content = Option<RefreshRequest>),
    responses(
        (status = 200, body = Session, description = "Sets `oxcart_access` and `oxcart_refresh`"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`AUTH_UNAUTHORIZED`: sign in again; takes the cookies away", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(State(state): State<AppState>, jar: CookieJar, body: Bytes) -> Response {
    match refreshed(&state, &jar, &body).await {
        Ok(Some(signed_in)) => match session::issue(&state, &signed_in, jar) {
            Ok((jar, session)) => (jar, Json(session)).into_response(),
            Err(problem) => problem.into_response(),
        },
        // Without its cookies the browser is a guest again, instead of asking in vain for ever.
        Ok(None) => {
            let refused = Problem::new(ErrorCode::AuthUnauthorized);
            (session::forget(&state, jar), refused).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn refreshed(
    state: &AppState,
    jar: &CookieJar,
    body: &[u8],
) -> Result<Option<Box<identity::SignedIn>>, Problem> {
    let given = given_token(body)?;
    let cookie = cookies::read(state, jar, REFRESH_COOKIE).map(str::to_owned);
    let Some(token) = given.or(cookie).as_deref().and_then(RefreshToken::parse) else {
        return Ok(None);
    };
    let mut tx = state.db.begin().await?;
    let outcome =
        identity::refresh(&mut tx, &token, &state.ids, &*state.clock).await.map_err(problem)?;
    // Also when the token was refused: a session ended by reuse has to stay ended.
    tx.commit().await.map_err(DbError::from)?;
    match outcome {
        Refreshed::Granted(signed_in) => Ok(Some(signed_in)),
        Refreshed::Refused => Ok(None),
        Refreshed::Reused => {
            denylist::look(state).await;
            Ok(None)
        }
    }
}

/// The body may be missing altogether.
fn given_token(body: &[u8]) -> Result<Option<String>, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let request: RefreshRequest = body::parse(body).map_err(|_| {
        Problem::new(ErrorCode::MalformedRequest).detail("the body is not readable")
    })?;
    Ok(request.refresh_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_optional() {
        for empty in ["", " \n", "{}", r#"{"refresh_token": null}"#] {
            assert_eq!(given_token(empty.as_bytes()).unwrap(), None, "{empty:?}");
        }
        let given = given_token(br#"{"refresh_token": "abc"}"#).unwrap();
        assert_eq!(given.as_deref(), Some("abc"));
        for bad in ["x", "1", "[]", r#"{"token": "abc"}"#] {
            let code = given_token(bad.as_bytes()).unwrap_err().code();
            assert_eq!(code, ErrorCode::MalformedRequest);
        }
    }
}
