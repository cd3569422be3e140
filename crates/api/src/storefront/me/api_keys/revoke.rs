//! `DELETE /api/me/api-keys/{id}`

use axum::{extract::State, http::StatusCode};
use kernel::{ErrorCode, id::ApiKeyId};

use crate::{
    AppState,
    kit::{Path, Person, Problem, problem::ProblemBody},
};

/// Revokes an API key: within a second no server takes it any more.
#[utoipa::path(
    delete, path = "/api/me/api-keys/{id}", tag = "auth", operation_id = "revoke_api_key",
    params(("id" = ApiKeyId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Revoked"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`NOT_FOUND`: unknown, revoked before, or somebody else's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    let mut conn = state.db.acquire().await?;
    let now = state.clock.now();
    if !identity::revoke_api_key(&mut conn, claims.user_id, id, now).await? {
        return Err(ErrorCode::NotFound.into());
    }
    state.key_cache().forget(id);
    Ok(StatusCode::NO_CONTENT)
}
