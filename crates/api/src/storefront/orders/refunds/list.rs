//! `GET /api/orders/{id}/refunds`

use axum::{Json, extract::State};
use kernel::id::OrderId;
use payments::refunds;

use super::view::{OrderRefundView, OrderRefundsView};
use crate::{
    AppState,
    kit::{Problem, problem::ProblemBody},
    storefront::orders::access::AccessibleOrder,
};

/// The refunds of an order, the oldest first.
#[utoipa::path(
    get, path = "/api/orders/{id}/refunds", tag = "orders", operation_id = "list_order_refunds",
    params(("id" = OrderId, Path), ("X-Order-Token" = Option<String>, Header)),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = OrderRefundsView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
) -> Result<Json<OrderRefundsView>, Problem> {
    let mut conn = state.db.acquire().await?;
    let refunds = refunds::of_order(&mut conn, accessible.order.id).await?;
    Ok(Json(OrderRefundsView { items: refunds.iter().map(OrderRefundView::from).collect() }))
}
