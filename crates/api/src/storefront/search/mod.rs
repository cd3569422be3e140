//! Finding products: words, filters, facets, and suggestions while somebody types.

pub mod find;
pub mod suggest;

use ::search::SearchError;
use kernel::ErrorCode;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find::handler)).routes(routes!(suggest::handler))
}

/// Why there is no answer, for the client.
fn problem(error: &SearchError) -> Problem {
    match error {
        SearchError::NotReady | SearchError::Busy => {
            Problem::new(ErrorCode::ServiceUnavailable).detail(error.to_string()).retry_after(1)
        }
        SearchError::Cursor(cursor) => {
            Problem::new(ErrorCode::ValidationFailed).field("#cursor", cursor.to_string())
        }
        SearchError::Index(_) | SearchError::Broken => Problem::internal(error),
    }
}

/// The words, checked.
fn words(q: Option<String>) -> Result<String, Problem> {
    let q = q.unwrap_or_default();
    if q.chars().count() > ::search::SearchQuery::CHARS_MAX || q.contains('\0') {
        return Err(Problem::new(ErrorCode::ValidationFailed).field("#q", "at most 200 characters"));
    }
    Ok(q)
}
