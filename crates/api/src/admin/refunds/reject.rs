//! `POST /api/admin/refunds/{id}/reject`

use axum::extract::State;
use checkout::refunds::Decision;
use kernel::id::RefundId;

use super::{
    decide::decide,
    view::{RefundView, Tagged},
};
use crate::{
    AppState,
    access::Permit,
    admin::reason::Reason,
    kit::{self, IfMatch, Path, Problem, problem::ProblemBody},
};

/// The money stays, and the order goes back to where it was.
#[utoipa::path(
    post, path = "/api/admin/refunds/{id}/reject", tag = "refunds", operation_id = "reject_refund",
    params(
        ("id" = RefundId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = Reason,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = RefundView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`REFUND_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
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
    Path(id): Path<RefundId>,
    seen: Option<IfMatch>,
    kit::Json(form): kit::Json<Reason>,
) -> Result<Tagged, Problem> {
    let decision = Decision::Reject;
    decide(&state, &permit, id, seen, decision, Some(&form.reason)).await
}
