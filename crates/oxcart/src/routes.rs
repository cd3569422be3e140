//! One origin: the API and the pictures are ours, everything else is the storefront's.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

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
use ports::ObjectStore;
use tower::Service;

use crate::{media, proxy::Proxy};

/// The whole origin. Cheap to clone: it is cloned for each request.
#[derive(Clone, Debug)]
pub struct Front {
    api: Router,
    media: Router,
    storefront: Proxy,
}

/// Puts the three together. `api` answers for its paths alone, also with "not found".
pub fn app(api: Router, objects: ObjectStore, storefront: Proxy) -> Front {
    let media = Router::new().route("/media/{*key}", get(media::show)).with_state(objects);
    Front { api, media, storefront }
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
            let storefront = self.storefront.clone();
            Either::Right(async move { Ok(storefront.forward(request).await) }.boxed())
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
