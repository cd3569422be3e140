//! One origin: the API and the pictures are ours, everything else is the storefront's.

use axum::{Router, extract::Request, routing::get};
use ports::ObjectStore;
use tower::{ServiceExt as _, service_fn};

use crate::{media, proxy::Proxy};

/// Puts the three together. `api` answers for its paths alone, also with "not found".
pub fn app(api: Router, objects: ObjectStore, storefront: Proxy) -> Router {
    let dispatch = service_fn(move |request: Request| {
        let (api, storefront) = (api.clone(), storefront.clone());
        async move {
            if is_ours(request.uri().path()) {
                api.oneshot(request).await
            } else {
                Ok(storefront.forward(request).await)
            }
        }
    });
    Router::new()
        .route("/media/{*key}", get(media::show))
        .with_state(objects)
        .fallback_service(dispatch)
}

fn is_ours(path: &str) -> bool {
    matches!(path, "/api" | "/healthz" | "/readyz" | "/metrics") || path.starts_with("/api/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_only_look_like_the_api_are_the_storefronts() {
        for path in ["/api", "/api/", "/api/products", "/healthz"] {
            assert!(is_ours(path), "{path}");
        }
        for path in ["/", "/apiary", "/en/api", "/metrics/x", "/products/api"] {
            assert!(!is_ours(path), "{path}");
        }
    }
}
