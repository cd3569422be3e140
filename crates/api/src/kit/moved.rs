//! What has another address now.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

/// 301 to a path made of slugs. It may be kept for some minutes only: a slug that is free may be taken
/// by another thing.
pub fn moved(path: &str) -> Response {
    let location = HeaderValue::from_str(path);
    let location = location.unwrap_or_else(|_| unreachable!("slugs are visible ASCII"));
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ];
    (StatusCode::MOVED_PERMANENTLY, headers).into_response()
}
