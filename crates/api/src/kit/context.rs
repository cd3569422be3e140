//! What is known about the request everywhere below: its trace id and its language.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use kernel::Locale;

use crate::AppState;

/// The header that carries the trace id, in and out.
pub const TRACE_HEADER: &str = "x-trace-id";

#[derive(Clone, Debug)]
struct Context {
    trace_id: String,
    locale: Locale,
}

tokio::task_local! {
    static CONTEXT: Context;
}

/// The trace id of the request being answered.
pub fn trace_id() -> String {
    CONTEXT.try_with(|context| context.trace_id.clone()).unwrap_or_default()
}

/// The language of the request being answered: `Accept-Language`, else zh-TW.
pub fn locale() -> Locale {
    CONTEXT.try_with(|context| context.locale).unwrap_or_default()
}

/// In whose language, and under which trace id, something is said after its handler has ended.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The language.
    pub locale: Locale,
    /// The trace id.
    pub trace_id: String,
}

impl Spoken {
    /// As in the request being answered.
    pub fn here() -> Self {
        Self { locale: locale(), trace_id: trace_id() }
    }
}

/// Gives each request its context, and the answer its `X-Trace-Id`.
pub async fn provide(State(state): State<AppState>, request: Request, next: Next) -> Response {
    use tracing::Instrument as _;
    let headers = request.headers();
    let given = headers.get(TRACE_HEADER).and_then(|value| value.to_str().ok());
    let trace_id = given
        .filter(|id| is_trace_id(id))
        .map_or_else(|| data_encoding::HEXLOWER.encode(&state.ids.bytes::<16>()), str::to_owned);
    let locale = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map_or(Locale::ZhTw, Locale::from_accept_language);
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        path = loggable(request.uri().path()),
        trace_id = trace_id
    );
    let value = HeaderValue::from_str(&trace_id);
    let context = Context { trace_id, locale };
    let mut response = CONTEXT.scope(context, next.run(request)).instrument(span).await;
    if let Ok(value) = value {
        response.headers_mut().insert(TRACE_HEADER, value);
    }
    response
}

/// The name of a request for an order opens a guest's order: it does not belong in a log.
fn loggable(path: &str) -> &str {
    const NAMED: &str = "/api/order-requests/";
    if path.starts_with(NAMED) { NAMED } else { path }
}

/// Trace ids from outside end up in logs: only plain ones are taken over.
fn is_trace_id(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
