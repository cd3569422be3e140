//! `POST /api/me/second-factor/recovery-codes`

use axum::{Json, extract::State};
use pg::DbError;

use super::{RecoveryCodes, confirm::SecondFactorCode, wrong_code};
use crate::{
    AppState,
    kit::{self, Person, Problem, problem::ProblemBody},
    storefront::auth::problem,
};

/// Makes new recovery codes; the old ones are worth nothing from then on.
#[utoipa::path(
    post, path = "/api/me/second-factor/recovery-codes", tag = "auth", operation_id = "new_recovery_codes",
    request_body = SecondFactorCode,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = RecoveryCodes),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`AUTH_UNAUTHORIZED`; `AUTH_INVALID_CREDENTIALS`: the code is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: there is no second factor", body = ProblemBody, content_type = "application/problem+json"),
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
    let tools = (&state.ids, &*state.clock);
    let factors = &state.second_factors;
    let codes = factors.new_recovery_codes(&mut tx, claims.user_id, &body.code, tools).await;
    let codes = codes.map_err(problem)?.ok_or_else(wrong_code)?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(codes.into()))
}
