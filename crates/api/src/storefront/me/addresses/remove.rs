//! `DELETE /api/me/addresses/{id}`

use axum::{extract::State, http::StatusCode};
use kernel::{ErrorCode, id::AddressId};

use crate::{
    AppState,
    kit::{Path, Person, Problem, problem::ProblemBody},
};

/// Removes an address. Orders sent there are not touched.
#[utoipa::path(
    delete, path = "/api/me/addresses/{id}", tag = "auth", operation_id = "remove_address",
    params(("id" = AddressId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Unknown, or somebody else's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    Path(id): Path<AddressId>,
) -> Result<StatusCode, Problem> {
    let mut conn = state.db.acquire().await?;
    if identity::remove_address(&mut conn, claims.user_id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ErrorCode::NotFound.into())
    }
}
