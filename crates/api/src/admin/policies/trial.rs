//! `POST /api/admin/policies/{version}/try`

use ::access::{Engine, Trial};
use axum::{Json, extract::State};
use jiff::SignedDuration;

use super::problem;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// Different questions of the last day that are asked again, the most frequent first.
const QUESTIONS: u32 = 5_000;

/// Tries a version out without activating it: who could do what, and which decisions of the last
/// day would be others.
#[utoipa::path(
    post, path = "/api/admin/policies/{version}/try", tag = "policies", operation_id = "try_policies",
    params(("version" = i32, Path, description = "0: what the program ships with")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Trial),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`: this program cannot read them any more", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(version): Path<i32>,
) -> Result<Json<Trial>, Problem> {
    let now = state.clock.now();
    let mut conn = state.db.acquire().await?;
    let new = Engine::new(::access::load(&mut conn, version).await.map_err(problem)?);
    // What this server has not written down yet belongs to the last day as well.
    state.guardian.write_decisions(&mut conn, now).await?;
    let since = now - SignedDuration::from_hours(24);
    let decided = ::access::decided_since(&mut conn, since, QUESTIONS).await?;
    drop(conn);
    let current = state.guardian.engine();
    // Seconds of work at the most, but not for the threads that answer others.
    let tried =
        tokio::task::spawn_blocking(move || ::access::try_out(&current, &new, &decided, now));
    Ok(Json(tried.await.map_err(|error| Problem::internal(&error))?))
}
