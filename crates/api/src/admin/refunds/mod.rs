//! Refunds 退款: deciding about money that is to go back.

pub mod account;
pub mod approve;
pub mod confirm;
mod decide;
pub mod detail;
pub mod list;
pub mod reject;
pub mod retry;
pub mod view;

use ::access::{Kind, Resource};
use orders::Order;
use payments::refunds::{Refund, RefundAccount};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(detail::handler))
        .routes(routes!(approve::handler))
        .routes(routes!(reject::handler))
        .routes(routes!(retry::handler))
        .routes(routes!(confirm::handler))
        .routes(routes!(account::handler))
}

/// A refund in the words of the policies: whose order it is of.
pub(super) fn resource(order: &Order, refund: &Refund) -> Resource {
    Resource::one(Kind::Refund, refund.id)
        .owned_by(order.customer)
        .with_status(refund.status.as_str())
}

/// A refund in the words of the audit log.
pub(super) fn on_record(refund: &Refund) -> Value {
    json!({
        "order_id": refund.order, "amount": refund.amount, "status": refund.status,
        "by_hand": refund.by_hand, "reference": refund.reference,
        "account": refund.account.as_ref().map(RefundAccount::masked),
    })
}
