//! Events: what happened, and how far the news of it has come.

pub mod lag;
pub mod list;

use ::webhooks::EventPattern;
use kernel::ErrorCode;
use outbox::Interest;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::handler)).routes(routes!(lag::handler))
}

/// Reads a pattern of kinds of events in a query.
pub(super) fn interest(pattern: &str) -> Result<Interest, Problem> {
    let pattern = EventPattern::new(pattern).map_err(|error| {
        Problem::new(ErrorCode::ValidationFailed).field("#kind", error.to_string())
    })?;
    Ok(Interest::of([pattern]))
}
