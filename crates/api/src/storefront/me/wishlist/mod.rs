//! What whoever is signed in likes.

pub mod add;
pub mod list;
pub mod merge;
pub mod products;
pub mod remove;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(products::handler))
        .routes(routes!(merge::handler))
        .routes(routes!(add::handler, remove::handler))
}
