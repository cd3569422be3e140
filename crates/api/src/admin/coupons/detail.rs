//! `GET /api/admin/coupons/{code}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::ErrorCode;

use super::{CouponView, code};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, etag, problem::ProblemBody},
};

/// One coupon. Its `ETag` is what a change has to send back.
#[utoipa::path(
    get, path = "/api/admin/coupons/{code}", tag = "pricing", operation_id = "get_admin_coupon",
    params(("code" = String, Path, description = "In any case")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = CouponView, headers(("ETag" = String, description = "Its version"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(asked): Path<String>,
) -> Result<Response, Problem> {
    let code = code(&asked)?;
    let mut conn = state.db.acquire().await?;
    let found = pricing::coupons::find(&mut conn, &code).await?.ok_or(ErrorCode::NotFound)?;
    Ok((etag(found.version), Json(CouponView::from(found))).into_response())
}
