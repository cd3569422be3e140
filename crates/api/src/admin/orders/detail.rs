//! `GET /api/admin/orders/{id}`

use axum::extract::State;
use kernel::id::OrderId;
use queries::orders::admin::AdminOrderView;

use super::{Tagged, tagged};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// An order with everything: who moved it and why, where its units are, what was changed of it. The
/// `ETag` is its version.
#[utoipa::path(
    get, path = "/api/admin/orders/{id}", tag = "orders", operation_id = "get_any_order",
    params(("id" = OrderId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminOrderView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<OrderId>,
) -> Result<Tagged, Problem> {
    let mut conn = state.db.acquire().await?;
    tagged(&mut conn, id).await
}
