//! One origin: the API and the pictures are ours, everything else is the storefront's.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use api::kit::safety_headers::SafetyHeaders;
use axum::{
    Router,
    extract::Request,
    response::Response,
    routing::{future::RouteFuture, get},
};
use futures::{
    FutureExt as _,
    future::{BoxFuture, Either},
};
use page_cache::PageCache;
use ports::ObjectStore;
use tower::{Service, util::MapResponseLayer};

use crate::{media, proxy::Proxy};

/// The whole origin. Cheap to clone: it is cloned for each request.
#[derive(Clone, Debug)]
pub struct Front {
    api: Router,
    media: Router,
    storefront: PageCache<Proxy>,
    headers: SafetyHeaders,
}

/// Puts the three together, for a shop at `public_url`. `api` answers for its paths alone, also with
/// "not found".
pub fn app(
    api: Router,
    objects: ObjectStore,
    storefront: PageCache<Proxy>,
    public_url: &str,
) -> Front {
    let headers = SafetyHeaders::of_pages(public_url);
    let of_media = headers.clone();
    let media = Router::new()
        .route("/media/{*key}", get(media::show))
        .with_state(objects)
        .layer(MapResponseLayer::new(move |answer: Response| complete(answer, &of_media)));
    Front { api, media, storefront, headers }
}

fn complete(mut answer: Response, headers: &SafetyHeaders) -> Response {
    headers.complete(answer.headers_mut());
    answer
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<RouteFuture<Infallible>, BoxFuture<'static, Result<Response, Infallible>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let path = request.uri().path();
        if is_api(path) {
            Either::Left(self.api.call(request))
        } else if path.starts_with("/media/") {
            Either::Left(self.media.call(request))
        } else {
            let (storefront, headers) = (self.storefront.clone(), self.headers.clone());
            let work = async move { Ok(complete(storefront.answer(request).await, &headers)) };
            Either::Right(work.boxed())
        }
    }
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || matches!(path, "/api" | "/healthz" | "/readyz" | "/metrics")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_only_look_like_the_api_are_the_storefronts() {
        for path in ["/api", "/api/", "/api/products", "/healthz"] {
            assert!(is_api(path), "{path}");
        }
        for path in ["/", "/apiary", "/en/api", "/metrics/x", "/products/api"] {
            assert!(!is_api(path), "{path}");
        }
    }
}
