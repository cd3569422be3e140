//! `GET /api/admin/refunds/{id}`

use axum::extract::State;
use kernel::{ErrorCode, id::RefundId};
use payments::refunds;

use super::view::{RefundView, Tagged, tagged};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// A refund with its history. The `ETag` is its version.
#[utoipa::path(
    get, path = "/api/admin/refunds/{id}", tag = "refunds", operation_id = "get_refund",
    params(("id" = RefundId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = RefundView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`REFUND_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<RefundId>,
) -> Result<Tagged, Problem> {
    let mut conn = state.db.acquire().await?;
    let refund = refunds::find(&mut conn, id).await?.ok_or(ErrorCode::RefundNotFound)?;
    Ok(tagged(&mut conn, &refund).await?)
}
