//! `GET /api/admin/promotions/{id}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::{ErrorCode, id::PromotionId};

use super::PromotionView;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, etag, problem::ProblemBody},
};

/// One promotion. Its `ETag` is what a change has to send back.
#[utoipa::path(
    get, path = "/api/admin/promotions/{id}", tag = "pricing", operation_id = "get_admin_promotion",
    params(("id" = PromotionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PromotionView, headers(("ETag" = String, description = "Its version"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<PromotionId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let found = pricing::promotions::find(&mut conn, id).await?.ok_or(ErrorCode::NotFound)?;
    Ok((etag(found.version), Json(PromotionView::from(found))).into_response())
}
