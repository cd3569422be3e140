//! `POST /api/me/second-factor/confirm`

use axum::{Json, extract::State};
use garde::Validate;
use pg::DbError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{RecoveryCodes, wrong_code};
use crate::{
    AppState,
    kit::{self, Person, Problem, denylist, problem::ProblemBody},
    storefront::auth::problem,
};

/// A code.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorCode {
    /// The six digits that the app shows.
    #[garde(length(max = 64))]
    #[schema(example = "123456", max_length = 64)]
    pub code: String,
}

/// Turns the second factor on, when the code proves that the app has the secret. Answers with the
/// recovery codes. The account's other sessions end; this one has to refresh its token to be known
/// as signed in with a second factor.
#[utoipa::path(
    post, path = "/api/me/second-factor/confirm", tag = "auth", operation_id = "confirm_second_factor",
    request_body = SecondFactorCode,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = RecoveryCodes),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`AUTH_UNAUTHORIZED`; `AUTH_INVALID_CREDENTIALS`: the code is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: one is on already, or none was begun", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    kit::Json(body): kit::Json<SecondFactorCode>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let mut tx = state.db.begin().await?;
    let (user, session, tools) = (claims.user_id, claims.session_id, (&state.ids, &*state.clock));
    let codes = state.second_factors.confirm(&mut tx, user, session, &body.code, tools).await;
    let codes = codes.map_err(problem)?.ok_or_else(wrong_code)?;
    tx.commit().await.map_err(DbError::from)?;
    denylist::look(&state).await;
    Ok(Json(codes.into()))
}
