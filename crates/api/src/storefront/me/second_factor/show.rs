//! `GET /api/me/second-factor`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    kit::{Person, Problem, problem::ProblemBody},
    storefront::auth::problem,
};

/// How it stands with the second factor.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecondFactor {
    /// Whether signing in needs a code.
    pub enabled: bool,
    /// How many recovery codes were not used yet.
    pub recovery_codes_left: u32,
}

/// Whether signing in needs a code.
#[utoipa::path(
    get, path = "/api/me/second-factor", tag = "auth", operation_id = "second_factor",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SecondFactor),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
) -> Result<Json<SecondFactor>, Problem> {
    let mut conn = state.db.acquire().await?;
    let it = identity::second_factor_state(&mut conn, claims.user_id).await.map_err(problem)?;
    let recovery_codes_left = it.recovery_codes_left;
    Ok(Json(SecondFactor { enabled: it.enabled, recovery_codes_left }))
}
