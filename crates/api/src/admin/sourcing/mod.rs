//! Which warehouse would serve what, and why.

pub mod explain;
pub mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(explain::handler))
}
