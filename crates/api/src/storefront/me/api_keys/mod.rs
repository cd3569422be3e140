//! The API keys of whoever is signed in.

pub mod create;
pub mod list;
pub mod revoke;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(revoke::handler))
}
