//! `POST /api/admin/policies`

use ::access::{Kind, Policies, PolicyFile, Resource};
use axum::{Json, extract::State, http::StatusCode};
use garde::Validate;
use pg::DbError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::invalid;
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Problem, problem::ProblemBody},
};

/// A set of policies.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicySetForm {
    /// All of its files: what is not in them is not in the set.
    #[garde(skip)]
    #[schema(max_items = 50)]
    pub files: Vec<PolicyFile>,
    /// Why it was made.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub comment: String,
}

/// A version that was saved.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedPolicies {
    /// Its number.
    pub version: i32,
}

/// Saves a set of policies as a new version. It does not count before it is activated. Policies
/// that do not hold against the schema are refused; `policy_errors` names every mistake with its
/// file, line and column.
#[utoipa::path(
    post, path = "/api/admin/policies", tag = "policies", operation_id = "save_policies",
    request_body = PolicySetForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = SavedPolicies),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<PolicySetForm>,
) -> Result<(StatusCode, Json<SavedPolicies>), Problem> {
    let policies = Policies::read(form.files).map_err(|errors| invalid(&errors))?;
    let mut tx = state.db.begin().await?;
    let (author, now) = (permit.claims().user_id, state.clock.now());
    let version = ::access::save(&mut tx, &policies, &form.comment, author, now).await?;
    let change = Change {
        after: Some(json!({"saved": version, "policies": policies.count()})),
        reason: Some(&form.comment),
        ..Change::default()
    };
    permit.record(&mut tx, &Resource::one(Kind::Policy, version), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((StatusCode::CREATED, Json(SavedPolicies { version })))
}
