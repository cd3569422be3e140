//! `DELETE /api/me/second-factor`

use axum::{extract::State, http::StatusCode};
use garde::Validate;
use pg::DbError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::wrong_code;
use crate::{
    AppState,
    kit::{self, Person, Problem, client_ip::ClientIp, problem::ProblemBody},
    storefront::{auth::problem, me::password_again},
};

/// Both factors once more.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveSecondFactor {
    /// The account's password.
    #[garde(length(max = 1024))]
    #[schema(format = Password)]
    pub password: String,
    /// The six digits that the app shows, or a recovery code.
    #[garde(length(max = 64))]
    #[schema(example = "123456", max_length = 64)]
    pub code: String,
}

/// Turns the second factor off.
#[utoipa::path(
    delete, path = "/api/me/second-factor", tag = "auth", operation_id = "remove_second_factor",
    request_body = RemoveSecondFactor,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Signing in needs the password alone"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`AUTH_UNAUTHORIZED`; `AUTH_INVALID_CREDENTIALS`: the password or the code is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: there is none", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    ClientIp(ip): ClientIp,
    kit::Json(body): kit::Json<RemoveSecondFactor>,
) -> Result<StatusCode, Problem> {
    let verified = password_again::check(&state, claims.user_id, ip, body.password).await?;
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let removed = state.second_factors.remove(&mut tx, &verified, &body.code, now).await;
    if !removed.map_err(problem)? {
        return Err(wrong_code());
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
