//! `POST /api/admin/returns/{id}/approve`

use axum::extract::State;
use garde::Validate;
use kernel::id::ReturnId;
use queries::orders::ReturnView;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Seen, Tagged, finish};
use crate::{
    AppState,
    access::Permit,
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
    storefront::orders::form::check_long_text,
};

/// What the customer is told.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnApproval {
    /// E.g. where to send the goods.
    #[serde(default)]
    #[garde(inner(length(chars, max = 1000), custom(check_long_text)))]
    #[schema(max_length = 1000)]
    pub answer: Option<String>,
}

/// The goods may be sent.
#[utoipa::path(
    post, path = "/api/admin/returns/{id}/approve", tag = "returns", operation_id = "approve_return",
    params(
        ("id" = ReturnId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = ReturnApproval,
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
    kit::Json(form): kit::Json<ReturnApproval>,
) -> Result<Tagged, Problem> {
    let seen = (id, seen.map(|IfMatch(version)| version));
    edit(&state.ids, || decide(&state, &permit, seen, (true, form.answer.as_deref()))).await
}

/// Decides about a return, with what the customer is told.
pub(super) async fn decide(
    state: &AppState,
    permit: &Permit,
    (id, seen): Seen,
    decision: (bool, Option<&str>),
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let checkout = &state.checkout;
    let moved = checkout.decide_return(&mut tx, id, seen, decision, permit.actor(), now).await?;
    finish(tx, permit, moved, decision.1).await
}
