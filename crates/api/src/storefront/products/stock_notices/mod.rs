//! Who wants to be told when something sold out is back.

pub mod ask;
pub mod one_click;
pub mod stop;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(ask::handler))
        .routes(routes!(stop::handler, one_click::handler))
}
