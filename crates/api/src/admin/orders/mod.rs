//! Orders for operations: found, seen with everything, edited, cancelled.

pub mod cancel;
pub mod detail;
pub mod edit;
pub mod list;

use ::access::{Kind, Resource};
use ::orders::Order;
use axum::{
    Json,
    http::{HeaderName, HeaderValue},
};
use kernel::{ErrorCode, id::OrderId};
use pg::Connection;
use queries::orders::admin::{self, AdminOrderView};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState,
    kit::{Problem, etag},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(detail::handler, edit::handler))
        .routes(routes!(cancel::handler))
}

/// An order with its version as the `ETag`.
pub type Tagged = ([(HeaderName, HeaderValue); 1], Json<AdminOrderView>);

/// The order as it is now.
pub async fn tagged(conn: &mut Connection, id: OrderId) -> Result<Tagged, Problem> {
    let order = admin::detail(conn, id).await?.ok_or(ErrorCode::OrderNotFound)?;
    Ok((etag(order.version), Json(order)))
}

/// An order in the words of the policies.
fn resource(order: &Order) -> Resource {
    Resource::one(Kind::Order, order.id).owned_by(order.customer).with_status(order.status.as_str())
}

/// An order in the words of the audit log: how far it has come and what it costs, nobody's data.
fn on_record(order: &Order) -> Value {
    let line = |line: &::orders::Line| json!({"line_no": line.line_no, "quantity": line.quantity});
    json!({
        "status": order.status, "total": order.total,
        "lines": order.lines.iter().map(line).collect::<Vec<_>>(),
    })
}
