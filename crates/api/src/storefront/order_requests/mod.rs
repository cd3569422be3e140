//! Orders that were asked for with `Prefer: respond-async`, on their way.

pub mod events;
pub mod name;
pub mod status;
pub mod submit;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(status::handler)).routes(routes!(events::handler))
}
