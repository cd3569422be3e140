//! Compressed answers, where it is worth it.
//!
//! The library's layer makes room for an encoder in every answer, whether it is compressed or not:
//! six kilobytes, which each layer above moves, and which are allocated anew for each request. Here
//! only those answers go through it that gain by it.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    task::{self, Poll},
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use futures::FutureExt as _;
use pin_project_lite::pin_project;
use tower::{Layer, Service, ServiceExt as _, service_fn};
use tower_http::compression::{
    Compression, DefaultPredicate, Predicate,
    predicate::{And, SizeAbove},
};

/// Answers below this are sent as they are: they fit into two packets either way.
const FROM: u64 = 2 * 1024;

/// What is worth it: large, and not compressed by nature.
fn worthwhile() -> And<SizeAbove, DefaultPredicate> {
    SizeAbove::new(FROM).and(DefaultPredicate::new())
}

/// The layer.
#[derive(Clone, Copy, Debug)]
pub struct Compress;

impl<S> Layer<S> for Compress {
    type Service = Compressing<S>;

    fn layer(&self, inner: S) -> Compressing<S> {
        Compressing { inner }
    }
}

/// What answers, and has its answers compressed.
#[derive(Clone, Debug)]
pub struct Compressing<S> {
    inner: S,
}

impl<S> Service<Request> for Compressing<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Compressed<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let accepted = request.headers().get_all(header::ACCEPT_ENCODING).iter().cloned().collect();
        Compressed { accepted, answer: self.inner.call(request) }
    }
}

pin_project! {
    /// The answer, compressed if that is worth it.
    #[derive(Debug)]
    pub struct Compressed<F> {
        // What the client can read.
        accepted: Vec<HeaderValue>,
        #[pin]
        answer: F,
    }
}

impl<F> Future for Compressed<F>
where
    F: Future<Output = Result<Response, Infallible>>,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let accepted = this.accepted;
        this.answer.poll(cx).map_ok(|answer| {
            if worthwhile().should_compress(&answer) {
                compressed(answer, std::mem::take(accepted))
            } else {
                answer
            }
        })
    }
}

/// The answer as the library gives it to a client that accepts these encodings.
fn compressed(answer: Response, accepted: Vec<HeaderValue>) -> Response {
    let mut request = Request::new(Body::empty());
    for encoding in accepted {
        request.headers_mut().append(header::ACCEPT_ENCODING, encoding);
    }
    let mut answer = Some(answer);
    let answering = service_fn(move |_: Request| {
        let answer = answer.take().unwrap_or_else(|| unreachable!("it is asked once"));
        ready(Ok::<_, Infallible>(answer))
    });
    let answer = Compression::new(answering).compress_when(worthwhile()).oneshot(request);
    match answer.now_or_never() {
        Some(Ok(answer)) => answer.map(Body::new),
        Some(Err(never)) => match never {},
        None => unreachable!("the answer is there already"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer_of(size: usize, content_type: &'static str, accepted: &[&str]) -> Response {
        let service = Compress.layer(service_fn(move |_: Request| {
            let mut answer = Response::new(Body::from("x".repeat(size)));
            answer
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            ready(Ok::<_, Infallible>(answer))
        }));
        let mut request = Request::new(Body::empty());
        for encoding in accepted {
            request.headers_mut().append(header::ACCEPT_ENCODING, encoding.parse().unwrap());
        }
        service.oneshot(request).await.unwrap()
    }

    async fn length(answer: Response) -> usize {
        axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap().len()
    }

    #[tokio::test]
    async fn what_is_worth_it_is_compressed_as_the_client_can_read_it() {
        for (accepted, encoding) in
            [(&["gzip, br"][..], "br"), (&["gzip"], "gzip"), (&["deflate", "gzip;q=0.5"], "gzip")]
        {
            let answer = answer_of(10_000, "application/json", accepted).await;
            assert_eq!(answer.headers()[header::CONTENT_ENCODING], encoding);
            assert_eq!(answer.headers()[header::VARY], "accept-encoding");
            let length = length(answer).await;
            assert!((1..200).contains(&length), "{encoding}: {length}");
        }
    }

    #[tokio::test]
    async fn other_answers_stay_as_they_are() {
        let asked: [(usize, &str, &[&str], bool); 4] = [
            (10_000, "application/json", &[], true),
            (10_000, "application/json", &["deflate"], true),
            (2_047, "application/json", &["br"], false),
            (10_000, "image/webp", &["br"], false),
        ];
        for (size, content_type, accepted, varies) in asked {
            let answer = answer_of(size, content_type, accepted).await;
            assert!(!answer.headers().contains_key(header::CONTENT_ENCODING), "{content_type}");
            assert_eq!(answer.headers().contains_key(header::VARY), varies, "{accepted:?}");
            assert_eq!(length(answer).await, size);
        }
    }
}
