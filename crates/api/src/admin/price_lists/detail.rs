//! `GET /api/admin/price-lists/{id}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::{ErrorCode, id::PriceListId};

use super::PriceListView;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, etag, problem::ProblemBody},
};

/// One price list, without its prices. Its `ETag` is what a change has to send back.
#[utoipa::path(
    get, path = "/api/admin/price-lists/{id}", tag = "pricing", operation_id = "get_admin_price_list",
    params(("id" = PriceListId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PriceListView, headers(("ETag" = String, description = "Its version"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<PriceListId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let found = pricing::price_lists::find(&mut conn, id).await?.ok_or(ErrorCode::NotFound)?;
    Ok((etag(found.version), Json(PriceListView::from(found))).into_response())
}
