//! All routes, and what every request passes through on its way.

use std::{any::Any, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kernel::{ErrorCode, Ids};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    AppState,
    kit::{Limits, Problem, compress::Compress, entrance::Entrance},
    openapi, ops,
};

/// The largest body an endpoint takes, unless it says otherwise.
const BODY_LIMIT: usize = 64 * 1024;
/// The longest a request may take. Longer than the engine's own patience.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Everything under `/api`, and `/healthz`, `/readyz`, `/metrics`.
pub fn router(state: AppState) -> Router {
    let (api, _) = openapi::routes(state.dev_clock.is_some()).split_for_parts();
    let api = api
        .merge(openapi::documents())
        .merge(ops::router())
        .fallback(async || Problem::new(ErrorCode::NotFound))
        .method_not_allowed_fallback(async || Problem::new(ErrorCode::MethodNotAllowed));
    surround(api, state.ids.clone(), &state.public_url, state.limits.clone()).with_state(state)
}

/// What every request to any route passes through, there and back.
pub fn surround<S>(routes: Router<S>, ids: Ids, public_url: &str, limits: Limits) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let layers = ServiceBuilder::new()
        .layer(Entrance::new(ids, public_url, limits))
        .layer(CatchPanicLayer::custom(broken))
        .layer(Compress)
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIME_LIMIT))
        .layer(DefaultBodyLimit::max(BODY_LIMIT));
    routes.layer(layers)
}

/// The answer to whom nobody has time for.
pub fn busy() -> Response {
    Problem::new(ErrorCode::ServiceUnavailable)
        .detail("too many clients are connected")
        .retry_after(1)
        .into_response()
}

/// A handler that broke an assertion: the transaction was rolled back by its drop.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands over the panic")]
fn broken(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = text, "a handler panicked: {text}");
    Problem::new(ErrorCode::Internal).into_response()
}
