//! Tasks 待辦 about payments: what waits for a person, dealt with by one click each.

pub mod detail;
pub mod list;
mod problem;
pub mod resolve;
pub mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(detail::handler))
        .routes(routes!(resolve::handler))
}
