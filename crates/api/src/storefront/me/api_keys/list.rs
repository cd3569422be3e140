//! `GET /api/me/api-keys`

use axum::{Json, extract::State};
use identity::ApiKeyInfo;
use jiff::Timestamp;
use kernel::id::ApiKeyId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    kit::{Person, Problem, problem::ProblemBody},
};

/// A key of a program, without the key.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyView {
    /// Its id.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; never, when null.
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    #[schema(required)]
    pub last_used_at: Option<Timestamp>,
}

impl From<ApiKeyInfo> for ApiKeyView {
    fn from(info: ApiKeyInfo) -> Self {
        let ApiKeyInfo { id, name, scopes, created_at, expires_at, last_used_at } = info;
        Self { id, name, scopes, created_at, expires_at, last_used_at }
    }
}

/// Somebody's keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeys {
    /// Those that were not revoked, the newest first.
    pub items: Vec<ApiKeyView>,
}

/// The account's API keys. A key itself is shown only when it is made.
#[utoipa::path(
    get, path = "/api/me/api-keys", tag = "auth", operation_id = "list_api_keys",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ApiKeys),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
) -> Result<Json<ApiKeys>, Problem> {
    let mut conn = state.db.acquire().await?;
    let keys = identity::api_keys(&mut conn, claims.user_id).await?;
    Ok(Json(ApiKeys { items: keys.into_iter().map(ApiKeyView::from).collect() }))
}
