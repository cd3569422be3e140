//! `POST /api/auth/login`

use axum::{Json, extract::State};
use axum_extra::extract::CookieJar;
use garde::Validate;
use identity::{Credentials, Email};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    problem,
    session::{self, Session},
};
use crate::{
    AppState,
    kit::{self, Problem, problem::ProblemBody},
};

/// Who wants to sign in.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The account's e-mail address.
    #[garde(skip)]
    #[schema(example = "a@example.com")]
    pub email: String,
    /// The account's password.
    #[garde(length(max = 1024))]
    #[schema(format = Password)]
    pub password: String,
}

/// Signs in. A guest's cart is merged into the account's. An unknown e-mail and a wrong password
/// get the same answer after the same work.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "auth", operation_id = "login",
    request_body = LoginRequest,
    responses(
        (status = 200, body = Session, description = "Sets `oxcart_access` and `oxcart_refresh`"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`AUTH_INVALID_CREDENTIALS`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    jar: CookieJar,
    kit::Json(body): kit::Json<LoginRequest>,
) -> Result<(CookieJar, Json<Session>), Problem> {
    let credentials = match Email::new(&body.email) {
        Ok(email) => {
            let mut conn = state.db.acquire().await?;
            identity::credentials(&mut conn, &email).await?
        }
        Err(_) => Credentials::unknown(),
    };
    // The connection went back: none waits while the password is hashed.
    let verified = state.passwords.verify(credentials, body.password).await.map_err(problem)?;
    let verified = verified.ok_or_else(session::refused)?;
    let mut tx = state.db.begin().await?;
    let signed_in = identity::start_session(&mut tx, verified, &state.ids, &*state.clock)
        .await
        .map_err(problem)?
        .ok_or_else(session::refused)?;
    let (jar, session) = session::begin(&state, tx, &signed_in, jar).await?;
    Ok((jar, Json(session)))
}
