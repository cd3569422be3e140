//! `POST /api/admin/refunds/{id}/confirm`

use axum::extract::State;
use checkout::refunds::Decision;
use garde::Validate;
use kernel::id::RefundId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    decide::decide,
    view::{RefundView, Tagged},
};
use crate::{
    AppState,
    access::Permit,
    kit::{self, IfMatch, Path, Problem, problem::ProblemBody},
    storefront::orders::form::check_text,
};

/// Money that went back by hand.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// What shows it: the number of the transfer.
    #[garde(length(chars, min = 1, max = 100), custom(check_text))]
    #[schema(min_length = 1, max_length = 100)]
    pub reference: String,
    /// More about it.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200), custom(check_text)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// Says that the money went back by hand: where the provider cannot do it, or could not.
#[utoipa::path(
    post, path = "/api/admin/refunds/{id}/confirm", tag = "refunds", operation_id = "confirm_refund",
    params(
        ("id" = RefundId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = Confirmation,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = RefundView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`REFUND_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`, `REFUND_IN_PROGRESS`", body = ProblemBody, content_type = "application/problem+json"),
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
    kit::Json(form): kit::Json<Confirmation>,
) -> Result<Tagged, Problem> {
    let decision = Decision::Confirm { reference: form.reference };
    decide(&state, &permit, id, seen, decision, form.reason.as_deref()).await
}
