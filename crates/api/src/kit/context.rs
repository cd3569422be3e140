//! What is known about the request everywhere below: its trace id and its language.

use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use kernel::{Ids, Locale};
use tokio::task::futures::TaskLocalFuture;

/// The header that carries the trace id, in and out.
pub const TRACE_HEADER: &str = "x-trace-id";

/// What is known about a request.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// Plain text.
    trace_id: HeaderValue,
    locale: Locale,
}

tokio::task_local! {
    static CONTEXT: Context;
}

/// The trace id of the request being answered.
pub fn trace_id() -> String {
    CONTEXT.try_with(|context| context.trace_id().to_owned()).unwrap_or_default()
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

impl Context {
    /// By what the request says of itself; without a trace id of its own it gets a new one.
    pub fn of(headers: &HeaderMap, ids: &Ids) -> Self {
        let given = headers.get(TRACE_HEADER);
        let given = given.filter(|value| value.to_str().is_ok_and(is_trace_id));
        let new = || {
            let text = data_encoding::HEXLOWER.encode(&ids.bytes::<16>());
            HeaderValue::try_from(text).unwrap_or_else(|_| unreachable!("hexadecimal digits"))
        };
        let locale = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .map_or(Locale::ZhTw, Locale::from_accept_language);
        Self { trace_id: given.cloned().unwrap_or_else(new), locale }
    }

    /// As a header of the answer.
    pub fn trace_header(&self) -> HeaderValue {
        self.trace_id.clone()
    }

    fn trace_id(&self) -> &str {
        self.trace_id.to_str().unwrap_or_default()
    }

    /// The span of the request's work.
    pub fn span(&self, method: &Method, uri: &Uri) -> tracing::Span {
        let (path, trace_id) = (loggable(uri.path()), self.trace_id());
        tracing::info_span!("request", %method, path, trace_id)
    }

    /// Does `work` in this context.
    pub fn within<T>(self, work: impl FnOnce() -> T) -> T {
        CONTEXT.sync_scope(self, work)
    }

    /// The same for work that takes time.
    pub fn around<F: Future>(self, work: F) -> TaskLocalFuture<Self, F> {
        CONTEXT.scope(self, work)
    }
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
