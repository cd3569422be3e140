//! The catalogue as shoppers browse it.

pub mod detail;
pub mod list;
pub mod stock_notices;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(detail::handler))
        .merge(stock_notices::routes())
}
