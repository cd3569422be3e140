//! `POST /api/admin/policies/{version}/activate`

use ::access::{Action, Engine, Kind, Resource};
use axum::{extract::State, http::StatusCode};
use garde::Validate;
use kernel::ErrorCode;
use pg::DbError;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::problem;
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, problem::ProblemBody},
};

/// From which version on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// The version that counts until now: if it is another one, somebody was quicker.
    #[garde(skip)]
    pub instead_of: i32,
    /// Why, for the audit log.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Makes a version the one that counts, on every server within a second. Activating an older one
/// takes a change back. Policies by which the caller could not change policies any more are
/// refused: nobody locks the shop's door from inside by mistake.
#[utoipa::path(
    post, path = "/api/admin/policies/{version}/activate", tag = "policies", operation_id = "activate_policies",
    params(("version" = i32, Path, description = "0: what the program ships with")),
    request_body = Activation,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "It counts"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: the caller would lose the right to change policies", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(version): Path<i32>,
    kit::Json(asked): kit::Json<Activation>,
) -> Result<StatusCode, Problem> {
    let (actor, now) = (permit.claims().user_id, state.clock.now());
    let mut tx = state.db.begin().await?;
    let policies = ::access::activate(&mut tx, version, asked.instead_of, actor, now)
        .await
        .map_err(problem)?;
    let engine = Engine::new(policies.clone());
    for action in [Action::PolicyWrite, Action::PolicyRead] {
        if !engine.ask(&permit.question(action, Resource::any(Kind::Policy))).allowed {
            return Err(Problem::new(ErrorCode::InvalidTransition)
                .detail("by these policies you could not change policies any more"));
        }
    }
    let change = Change {
        before: Some(json!({"active": asked.instead_of})),
        after: Some(json!({"active": version})),
        reason: Some(&asked.reason),
    };
    permit.record(&mut tx, &Resource::one(Kind::Policy, version), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    state.guardian.take(version, policies);
    Ok(StatusCode::NO_CONTENT)
}
