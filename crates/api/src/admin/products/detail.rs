//! `GET /api/admin/products/{id}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::{ErrorCode, id::ProductId};

use super::view::ProductView;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, etag, problem::ProblemBody},
};

/// One product, in whatever state. Its `ETag` is what a change has to send back.
#[utoipa::path(
    get, path = "/api/admin/products/{id}", tag = "catalog", operation_id = "get_admin_product",
    params(("id" = ProductId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ProductView, headers(("ETag" = String, description = "Its version"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<ProductId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let found = catalog::product(&mut conn, id).await?.ok_or(ErrorCode::ProductNotFound)?;
    let view = ProductView::new(found, state.clock.now());
    Ok((etag(view.version), Json(view)).into_response())
}
