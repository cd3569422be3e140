//! `GET /api/admin/categories/{id}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::{ErrorCode, id::CategoryId};

use super::CategoryView;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, etag, problem::ProblemBody},
};

/// One category. Its `ETag` is what a change has to send back.
#[utoipa::path(
    get, path = "/api/admin/categories/{id}", tag = "catalog", operation_id = "get_admin_category",
    params(("id" = CategoryId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = CategoryView, headers(("ETag" = String, description = "Its version"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`CATEGORY_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<CategoryId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let found = catalog::category(&mut conn, id).await?.ok_or(ErrorCode::CategoryNotFound)?;
    Ok((etag(found.version), Json(CategoryView::from(found))).into_response())
}
