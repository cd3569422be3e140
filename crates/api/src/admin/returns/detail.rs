//! `GET /api/admin/returns/{id}`

use ::shipping::returns;
use axum::extract::State;
use kernel::{ErrorCode, id::ReturnId};
use queries::orders::ReturnView;

use super::{Tagged, tagged};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// A return. The `ETag` is its version.
#[utoipa::path(
    get, path = "/api/admin/returns/{id}", tag = "returns", operation_id = "get_return",
    params(("id" = ReturnId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReturnView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`RETURN_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<ReturnId>,
) -> Result<Tagged, Problem> {
    let mut conn = state.db.acquire().await?;
    let back = returns::find(&mut conn, id).await?.ok_or(ErrorCode::ReturnNotFound)?;
    Ok(tagged(&back))
}
