//! What every request passes first: it gets its context, and leaves again if another site sent it.
//!
//! One layer, written by hand: as two functions (`axum::middleware::from_fn`) it allocated and
//! copied the services below for each request.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{self, Poll, ready},
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::HeaderValue,
    response::{IntoResponse as _, Response},
};
use kernel::{ErrorCode, Ids};
use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;
use tower::{Layer, Service};
use tracing::{Instrument as _, instrument::Instrumented};

use super::{
    Problem,
    context::{Context, TRACE_HEADER},
    origin,
};

/// The layer.
#[derive(Clone, Debug)]
pub struct Entrance {
    ids: Ids,
    public_url: Arc<str>,
}

impl Entrance {
    /// To the shop that browsers see at `public_url`; trace ids are made by `ids`.
    pub fn new(ids: Ids, public_url: &str) -> Self {
        Self { ids, public_url: public_url.into() }
    }
}

impl<S> Layer<S> for Entrance {
    type Service = Entered<S>;

    fn layer(&self, inner: S) -> Entered<S> {
        Entered { inner, entrance: self.clone() }
    }
}

/// What lies behind the entrance.
#[derive(Clone, Debug)]
pub struct Entered<S> {
    inner: S,
    entrance: Entrance,
}

impl<S, B> Service<Request> for Entered<S>
where
    S: Service<Request, Response = Response<B>, Error = Infallible>,
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let context = Context::of(request.headers(), &self.entrance.ids);
        let trace = Some(context.trace_header());
        if origin::refuses(&request, &self.entrance.public_url) {
            let refusal = || {
                Problem::new(ErrorCode::Forbidden)
                    .detail("this request came from another site")
                    .into_response()
            };
            return Answering {
                trace,
                work: Work::Refused { answer: Some(context.within(refusal)) },
            };
        }
        let span = context.span(request.method(), request.uri());
        let future = span.in_scope(|| self.inner.call(request));
        Answering { trace, work: Work::Under { future: context.around(future).instrument(span) } }
    }
}

pin_project! {
    /// The answer, with the request's trace id on it.
    #[derive(Debug)]
    pub struct Answering<F> {
        trace: Option<HeaderValue>,
        #[pin]
        work: Work<F>,
    }
}

pin_project! {
    #[project = WorkProjection]
    #[derive(Debug)]
    enum Work<F> {
        Under { #[pin] future: Instrumented<TaskLocalFuture<Context, F>> },
        Refused { answer: Option<Response> },
    }
}

impl<F, B> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut answer = match this.work.project() {
            WorkProjection::Under { future } => ready!(future.poll(cx))?.map(Body::new),
            WorkProjection::Refused { answer } => {
                answer.take().unwrap_or_else(|| panic!("polled after its end"))
            }
        };
        if let Some(trace) = this.trace.take() {
            answer.headers_mut().insert(TRACE_HEADER, trace);
        }
        Poll::Ready(Ok(answer))
    }
}
