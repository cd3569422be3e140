//! The addresses of whoever is signed in.

pub mod add;
pub mod form;
pub mod list;
pub mod remove;
pub mod replace;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, add::handler))
        .routes(routes!(replace::handler, remove::handler))
}
