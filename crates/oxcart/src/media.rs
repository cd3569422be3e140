//! `/media/<key>`: pictures out of the object store. A key never changes its content, so browsers
//! and caches may keep it for ever.

use axum::{
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ports::{ObjectKey, ObjectStore};

/// Answers with the object.
pub async fn show(State(objects): State<ObjectStore>, Path(key): Path<String>) -> Response {
    let key = key.parse::<ObjectKey>().ok().filter(|key| !key.is_private());
    let Some(key) = key else { return missing() };
    match objects.get(&key).await {
        Ok(Some(bytes)) => {
            let headers = [
                (header::CONTENT_TYPE, key.content_type()),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ]
            .map(|(name, value)| (name, HeaderValue::from_static(value)));
            (headers, bytes).into_response()
        }
        Ok(None) => missing(),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a picture could not be read: {}",
                key.as_str()
            );
            (StatusCode::SERVICE_UNAVAILABLE, [(header::CACHE_CONTROL, "no-store")]).into_response()
        }
    }
}

/// Briefly cached only: the picture may be on its way.
fn missing() -> Response {
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "max-age=5")], "not found\n").into_response()
}
