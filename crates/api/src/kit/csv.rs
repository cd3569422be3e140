//! CSV that comes in and goes out.

use axum::http::{HeaderMap, header};
use kernel::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

pub use csv_text::{Lines, head, meant, row};

use super::problem::Problem;

/// Refuses a body that does not say that it is CSV.
pub fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = content_type.and_then(|it| it.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/csv") {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::UnsupportedMediaType)
        .detail("send the body as Content-Type: text/csv"))
}

/// What is wrong with a row of a file that came in, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowError {
    /// The line of the file, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub detail: String,
}

impl RowError {
    /// A mistake.
    pub fn new(line: u64, column: usize, detail: impl Into<String>) -> Self {
        Self { line, column, detail: detail.into() }
    }
}
