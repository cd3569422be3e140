//! `POST /api/admin/returns/{id}/reject`

use axum::extract::State;
use garde::Validate;
use kernel::id::ReturnId;
use queries::orders::ReturnView;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Tagged, approve::decide};
use crate::{
    AppState,
    access::Permit,
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
    storefront::orders::form::check_long_text,
};

/// Why not.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnRejection {
    /// As the customer is told.
    #[garde(length(chars, min = 1, max = 1000), custom(check_long_text))]
    #[schema(min_length = 1, max_length = 1000)]
    pub answer: String,
}

/// The goods may not be sent; the order goes back to where it was.
#[utoipa::path(
    post, path = "/api/admin/returns/{id}/reject", tag = "returns", operation_id = "reject_return",
    params(
        ("id" = ReturnId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = ReturnRejection,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReturnView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`RETURN_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<ReturnId>,
    seen: Option<IfMatch>,
    kit::Json(form): kit::Json<ReturnRejection>,
) -> Result<Tagged, Problem> {
    let seen = (id, seen.map(|IfMatch(version)| version));
    edit(&state.ids, || decide(&state, &permit, seen, (false, Some(&form.answer)))).await
}
