//! What every request passes first: it gets its context and is counted, and leaves again if another
//! site sent it or it is one too many. And what every answer gets on its way out.
//!
//! One layer, written by hand: as functions (`axum::middleware::from_fn`) it allocated and copied
//! the services below for each request.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{self, Poll, ready},
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
    extract::{ConnectInfo, Request},
    http::HeaderValue,
    response::{IntoResponse as _, Response},
};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{ErrorCode, Ids};
use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;
use tower::{Layer, Service, ServiceExt as _};
use tracing::{Instrument as _, instrument::Instrumented};

use super::{
    Problem,
    context::{Context, TRACE_HEADER},
    limits::{Count, Limits, Stamp, Visit},
    origin,
    safety_headers::SafetyHeaders,
};

/// The layer.
#[derive(Clone, Debug)]
pub struct Entrance(Arc<Door>);

#[derive(Debug)]
struct Door {
    ids: Ids,
    public_url: String,
    limits: Limits,
    headers: SafetyHeaders,
}

impl Entrance {
    /// To the shop that browsers see at `public_url`; trace ids are made by `ids`, and `limits` say
    /// who may come how often.
    pub fn new(ids: Ids, public_url: &str, limits: Limits) -> Self {
        let headers = SafetyHeaders::of_api(public_url);
        Self(Arc::new(Door { ids, public_url: public_url.to_owned(), limits, headers }))
    }
}

impl Door {
    fn visit(&self, request: &Request) -> Visit {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        self.limits.visit(request.method(), request.uri().path(), peer, request.headers())
    }
}

impl<S> Layer<S> for Entrance {
    type Service = Entered<S>;

    fn layer(&self, inner: S) -> Entered<S> {
        Entered { inner, door: Arc::clone(&self.0) }
    }
}

/// What lies behind the entrance.
#[derive(Clone, Debug)]
pub struct Entered<S> {
    inner: S,
    door: Arc<Door>,
}

impl<S, B> Service<Request> for Entered<S>
where
    S: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let context = Context::of(request.headers(), &self.door.ids);
        let answering = |context: &Context, stamp, work| Answering {
            trace: Some(context.trace_header()),
            headers: self.door.headers.clone(),
            stamp,
            work,
        };
        if origin::refuses(&request, &self.door.public_url) {
            return answering(&context, None, Work::refused(&context, from_another_site));
        }
        let visit = self.door.visit(&request);
        let count = visit.to_count();
        request.extensions_mut().insert(visit);
        let span = context.span(request.method(), request.uri());
        let stamp = match count {
            Some(count) if self.door.limits.takes_time() => {
                let work = self.count_and_call(count, request);
                let future = context.clone().around(work).instrument(span);
                return answering(&context, None, Work::Counted { future });
            }
            count => count.map(|count| self.door.limits.count(count)),
        };
        if let Some(stamp) = stamp.filter(Stamp::is_refusal) {
            return answering(&context, None, Work::refused(&context, || stamp.problem()));
        }
        let future = span.in_scope(|| self.inner.call(request));
        let future = context.clone().around(future).instrument(span);
        answering(&context, stamp, Work::Under { future })
    }
}

impl<S, B> Entered<S>
where
    S: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    /// The same where counting takes time.
    fn count_and_call(&self, count: Count, request: Request) -> BoxFuture<'static, Response> {
        let (limits, inner) = (self.door.limits.clone(), self.inner.clone());
        let work = async move {
            let stamp = limits.count_shared(count).await;
            if stamp.is_refusal() {
                return stamp.problem().into_response();
            }
            let mut answer = match inner.oneshot(request).await {
                Ok(answer) => answer.map(Body::new),
                Err(never) => match never {},
            };
            stamp.put(answer.headers_mut());
            answer
        };
        work.boxed()
    }
}

fn from_another_site() -> Problem {
    Problem::new(ErrorCode::Forbidden).detail("this request came from another site")
}

pin_project! {
    /// The answer, with what every answer gets.
    #[derive(Debug)]
    pub struct Answering<F> {
        trace: Option<HeaderValue>,
        headers: SafetyHeaders,
        stamp: Option<Stamp>,
        #[pin]
        work: Work<F>,
    }
}

pin_project! {
    #[project = WorkProjection]
    enum Work<F> {
        Under { #[pin] future: Instrumented<TaskLocalFuture<Context, F>> },
        Counted { #[pin] future: Instrumented<TaskLocalFuture<Context, BoxFuture<'static, Response>>> },
        Refused { answer: Option<Response> },
    }
}

impl<F> std::fmt::Debug for Work<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").finish_non_exhaustive()
    }
}

impl<F> Work<F> {
    fn refused(context: &Context, problem: impl FnOnce() -> Problem) -> Self {
        let answer = context.clone().within(|| problem().into_response());
        Self::Refused { answer: Some(answer) }
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
            WorkProjection::Counted { future } => ready!(future.poll(cx)),
            WorkProjection::Refused { answer } => {
                answer.take().unwrap_or_else(|| panic!("polled after its end"))
            }
        };
        let headers = answer.headers_mut();
        this.headers.complete(headers);
        if let Some(stamp) = this.stamp {
            stamp.put(headers);
        }
        if let Some(trace) = this.trace.take() {
            headers.insert(TRACE_HEADER, trace);
        }
        Poll::Ready(Ok(answer))
    }
}
