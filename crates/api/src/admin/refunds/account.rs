//! `PUT /api/admin/refunds/{id}/account`

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
    kit::{self, IfMatch, Path, Problem, problem::ProblemBody},
    storefront::orders::refunds::account::AccountForm,
};

/// Says where a refund is to be transferred. The audit log keeps the end of the number only.
#[utoipa::path(
    put, path = "/api/admin/refunds/{id}/account", tag = "refunds", operation_id = "set_refund_account_by_staff",
    params(
        ("id" = RefundId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = AccountForm,
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
    kit::Json(form): kit::Json<AccountForm>,
) -> Result<Tagged, Problem> {
    let decision = Decision::Account(form.account());
    decide(&state, &permit, id, seen, decision, None).await
}
