//! Back-orders: what may be sold beyond stock, and who waits for it.

pub mod list;
pub mod put;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::handler)).routes(routes!(put::handler))
}
