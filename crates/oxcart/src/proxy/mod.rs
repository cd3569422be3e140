//! The reverse proxy before the storefront's server: streaming both ways, patient for a moment
//! while the server starts again, and honest afterwards.

mod headers;
#[cfg(test)]
mod tests;
mod upstream;
mod waiting_page;

use std::{net::SocketAddr, time::Duration};

use api::kit::client_ip::Trust;
use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, Method, StatusCode, Uri, header, request::Parts, uri::Scheme},
    response::{IntoResponse as _, Response},
};
use http_body_util::Limited;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use kernel::Networks;
use page_cache::Origin;
use tokio::time::{Instant, sleep, timeout};

pub use self::upstream::Upstream;

/// How long a request waits for a server that is starting.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the server may think before its answer begins.
const ANSWER_TIME: Duration = Duration::from_secs(30);
const CONNECT_TIME: Duration = Duration::from_secs(2);
/// Less than the server keeps idle connections.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// Pages take forms; the largest brings a picture of a return, which is 8 MiB at most.
const BODY_MAX: usize = 9 << 20;

/// Forwards requests to the storefront. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Proxy {
    client: Client<HttpConnector, Body>,
    upstream: Upstream,
    /// `http` or `https`, as browsers reach the shop.
    scheme: &'static str,
    /// Who may say for whom they ask.
    trust: Trust,
    /// What we prove ourselves with to the storefront.
    secret: Option<HeaderValue>,
}

impl Proxy {
    /// A proxy before `upstream`, for a shop at `public_url`.
    pub fn new(upstream: Upstream, public_url: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIME));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_timer(TokioTimer::new())
            .build(connector);
        let scheme = if public_url.starts_with("https://") { "https" } else { "http" };
        Self { client, upstream, scheme, trust: Trust::default(), secret: None }
    }

    /// Tells the storefront who is asking, and proves by this secret that it is us who says so.
    /// `proxies` may say for whom they ask.
    #[must_use]
    pub fn introducing(self, proxies: Networks, secret: Option<&str>) -> Self {
        let mut secret = secret.and_then(|secret| HeaderValue::from_str(secret).ok());
        if let Some(secret) = &mut secret {
            secret.set_sensitive(true);
        }
        Self { trust: Trust::new(proxies, None), secret, ..self }
    }

    /// Answers a request with what the storefront answers.
    pub async fn forward(&self, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        if headers::content_length(&parts.headers).is_some_and(|length| length > BODY_MAX) {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        }
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let client = self.trust.client(peer, &parts.headers);
        headers::prepare_request(&mut parts, peer, self.scheme);
        headers::introduce(&mut parts.headers, client, self.secret.as_ref());
        // What has no body and changes nothing may be sent again when the server dies over it.
        let repeatable = matches!(parts.method, Method::GET | Method::HEAD);
        let mut body = (!repeatable).then(|| Body::new(Limited::new(body, BODY_MAX)));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Some(address) = self.upstream.wait(deadline).await else {
                return waiting_page::response();
            };
            let request = outgoing(&parts, &address, body.take().unwrap_or_default());
            match timeout(ANSWER_TIME, self.client.request(request)).await {
                Ok(Ok(answer)) => {
                    let (mut parts, body) = answer.into_parts();
                    headers::strip_hop_by_hop(&mut parts.headers);
                    return Response::from_parts(parts, Body::new(body));
                }
                Ok(Err(error)) if repeatable && Instant::now() < deadline => {
                    tracing::debug!(%error, "the storefront broke off; asking again");
                    sleep(Duration::from_millis(50)).await;
                }
                Ok(Err(error)) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the storefront broke off"
                    );
                    return waiting_page::response();
                }
                Err(_) => {
                    tracing::warn!(path = parts.uri.path(), "the storefront did not answer");
                    return (StatusCode::GATEWAY_TIMEOUT, [(header::CACHE_CONTROL, "no-store")])
                        .into_response();
                }
            }
        }
    }
}

impl Origin for Proxy {
    async fn ask(&self, request: Request) -> Response {
        self.forward(request).await
    }
}

fn outgoing(parts: &Parts, address: &str, body: Body) -> Request {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri = Uri::builder().scheme(Scheme::HTTP).authority(address).path_and_query(path).build();
    let mut request = Request::new(body);
    // The parts come from a URI that was parsed and an address that was checked.
    *request.uri_mut() = uri.unwrap_or_default();
    *request.method_mut() = parts.method.clone();
    *request.headers_mut() = parts.headers.clone();
    request
}
