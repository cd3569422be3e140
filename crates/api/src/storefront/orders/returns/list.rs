//! `GET /api/orders/{id}/returns`

use axum::Json;
use kernel::id::OrderId;
use queries::orders::ReturnView;

use crate::{kit::problem::ProblemBody, storefront::orders::access::AccessibleOrder};

/// What of an order was sent back, or is to be, the first return first.
#[utoipa::path(
    get, path = "/api/orders/{id}/returns", tag = "returns", operation_id = "list_order_returns",
    params(("id" = OrderId, Path), ("X-Order-Token" = Option<String>, Header)),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Vec<ReturnView>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(accessible: AccessibleOrder) -> Json<Vec<ReturnView>> {
    Json(accessible.order.returns)
}
