//! `GET /api/orders/{id}`

use axum::Json;
use kernel::id::OrderId;
use queries::orders::OrderView;

use super::access::AccessibleOrder;
use crate::kit::problem::ProblemBody;

/// An order, to whom it belongs.
#[utoipa::path(
    get, path = "/api/orders/{id}", tag = "orders", operation_id = "get_order",
    params(
        ("id" = OrderId, Path),
        ("access_token" = Option<String>, Query, description = "A guest's token"),
        ("X-Order-Token" = Option<String>, Header, description = "The same, as a header"),
    ),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = OrderView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`: unknown, or not the caller's", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(accessible: AccessibleOrder) -> Json<OrderView> {
    Json(accessible.order)
}
