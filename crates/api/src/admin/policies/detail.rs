//! `GET /api/admin/policies/{version}`

use ::access::PolicyFile;
use axum::{Json, extract::State};
use kernel::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// A version of the policies.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyVersion {
    /// Its number.
    pub version: i32,
    /// Its files.
    pub files: Vec<PolicyFile>,
}

/// The text of a version.
#[utoipa::path(
    get, path = "/api/admin/policies/{version}", tag = "policies", operation_id = "get_policies",
    params(("version" = i32, Path, description = "0: what the program ships with")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PolicyVersion),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(version): Path<i32>,
) -> Result<Json<PolicyVersion>, Problem> {
    let mut conn = state.db.acquire().await?;
    let files = ::access::files(&mut conn, version).await?.ok_or(ErrorCode::NotFound)?;
    Ok(Json(PolicyVersion { version, files }))
}
