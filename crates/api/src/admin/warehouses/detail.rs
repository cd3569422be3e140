//! `GET /api/admin/warehouses/{id}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::{ErrorCode, id::WarehouseId};

use super::WarehouseView;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, etag, problem::ProblemBody},
};

/// One warehouse. Its `ETag` is what a change has to send back.
#[utoipa::path(
    get, path = "/api/admin/warehouses/{id}", tag = "inventory", operation_id = "get_warehouse",
    params(("id" = WarehouseId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WarehouseView, headers(("ETag" = String, description = "Its version"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<WarehouseId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let found = ::inventory::warehouse(&mut conn, id).await?;
    let warehouse = found.ok_or(ErrorCode::WarehouseNotFound)?;
    Ok((etag(warehouse.version), Json(WarehouseView::from(warehouse))).into_response())
}
