//! Reconciliation 對帳: our books of a day against the payment provider's statements.

pub mod ask;
pub mod detail;
pub mod list;
pub mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

/// Whose statements there are.
const PROVIDER: &str = "ecpay";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(detail::handler, ask::handler))
}
