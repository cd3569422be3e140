//! Orders: placing, reading, paying, cancelling.

pub mod access;
pub mod cancel;
pub mod create;
pub mod created;
pub mod detail;
pub mod events;
pub mod form;
pub mod list;
pub mod lookup;
pub mod pay;
pub mod refunds;
pub mod refusal;
pub mod returns;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create::handler, list::handler))
        .routes(routes!(lookup::handler))
        .routes(routes!(detail::handler))
        .routes(routes!(cancel::handler))
        .routes(routes!(pay::handler))
        .routes(routes!(events::handler))
        .merge(returns::routes())
        .merge(refunds::routes())
}
