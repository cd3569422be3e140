//! Attempts to pay, as operations see them: what waits for money, and what came in.

pub mod ask;
pub mod list;
pub mod receive;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(receive::handler))
        .routes(routes!(ask::handler))
}
