//! Transfers 調撥: goods on their way from one warehouse to another.

pub mod cancel;
pub mod close;
pub mod create;
pub mod detail;
pub mod dispatch;
pub mod edit;
pub mod form;
pub mod list;
mod problem;
pub mod receive;
pub mod suggest;
pub mod suggestions;
pub mod view;

use ::access::{Kind, Resource};
use ::inventory::transfers::Transfer;
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(suggestions::handler))
        .routes(routes!(suggest::handler))
        .routes(routes!(detail::handler, edit::handler))
        .routes(routes!(dispatch::handler))
        .routes(routes!(receive::handler))
        .routes(routes!(close::handler))
        .routes(routes!(cancel::handler))
}

/// A transfer in the words of the policies.
fn resource(transfer: &Transfer) -> Resource {
    Resource::one(Kind::Stock, transfer.id).with_status(transfer.status.as_str())
}

/// A transfer in the words of the audit log.
fn on_record(transfer: &Transfer) -> Value {
    let lines: Vec<Value> = transfer
        .lines
        .iter()
        .map(|line| {
            json!({
                "variant_id": line.variant, "quantity": line.quantity, "sent": line.sent,
                "received": line.received, "returned": line.returned, "lost": line.lost,
            })
        })
        .collect();
    json!({
        "transfer": transfer.name(), "status": transfer.status,
        "from_warehouse_id": transfer.from, "to_warehouse_id": transfer.to, "lines": lines,
    })
}
