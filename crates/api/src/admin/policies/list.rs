//! `GET /api/admin/policies`

use ::access::{Action, Kind, SCHEMA, Version};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// The policies of the shop.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyOverview {
    /// The version that counts.
    pub active: i32,
    /// Every version, the newest first; 0 is what the program ships with.
    pub versions: Vec<Version>,
    /// The schema that policies are written against.
    pub schema: &'static str,
    /// The actions, with what they are done to.
    pub actions: Vec<ActionWord>,
}

/// An action of the policies.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionWord {
    /// The action: also the scope that an API key needs for it.
    pub action: Action,
    /// What it is done to.
    pub kind: Kind,
}

/// The versions of the policies, and the schema they are written against.
#[utoipa::path(
    get, path = "/api/admin/policies", tag = "policies", operation_id = "list_policies",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PolicyOverview),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
) -> Result<Json<PolicyOverview>, Problem> {
    let mut conn = state.db.acquire().await?;
    let versions = ::access::versions(&mut conn).await?;
    let active = versions.iter().find(|it| it.active).map_or(0, |it| it.version);
    let word = |action: &Action| ActionWord { action: *action, kind: action.kind() };
    let actions = Action::ALL.iter().map(word).collect();
    Ok(Json(PolicyOverview { active, versions, schema: SCHEMA, actions }))
}
