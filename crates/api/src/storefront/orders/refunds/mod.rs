//! Refunds of an order, as its buyer sees them and asks for them.

pub mod account;
pub mod create;
pub mod list;
pub mod problem;
pub mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(account::handler))
}
