//! `POST /api/admin/products/{id}/schedule`

use axum::{extract::State, response::Response};
use catalog::Move;
use garde::Validate;
use jiff::Timestamp;
use kernel::id::ProductId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{change_state, view::ProductView};
use crate::{
    AppState,
    access::Permit,
    kit::{self, IfMatch, Path, Problem, problem::ProblemBody},
};

/// When, and why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleForm {
    /// When it appears; in the future.
    #[garde(skip)]
    pub publish_at: Timestamp,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// Has a product appear by itself at `publish_at`, and be sold from then on. A time may be put off or
/// brought forward until it has come. `If-Match` has to be the `ETag` that was read last.
#[utoipa::path(
    post, path = "/api/admin/products/{id}/schedule", tag = "catalog", operation_id = "schedule_product",
    params(
        ("id" = ProductId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    request_body = ScheduleForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ProductView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`PRODUCT_STATE_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<ProductId>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<ScheduleForm>,
) -> Result<Response, Problem> {
    let step = Move::Schedule(form.publish_at);
    change_state(&state, &permit, (id, seen), step, form.reason.as_deref()).await
}
