//! `POST /api/admin/returns/{id}/receive`

use ::shipping::returns::Arrival;
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
};

/// What came.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnArrival {
    /// Lines of which something came, each once; of others nothing did.
    #[garde(length(min = 1, max = 100), dive)]
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<ArrivedLine>,
}

/// How much of a line came.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivedLine {
    /// Which line of the order.
    #[garde(skip)]
    pub line_no: i16,
    /// How many units: as many as were to come, or fewer.
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub received: i32,
}

/// The goods are here. They are in nobody's stock before they were looked at.
#[utoipa::path(
    post, path = "/api/admin/returns/{id}/receive", tag = "returns", operation_id = "receive_return",
    params(
        ("id" = ReturnId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = ReturnArrival,
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
    kit::Json(form): kit::Json<ReturnArrival>,
) -> Result<Tagged, Problem> {
    let seen = (id, seen.map(|IfMatch(version)| version));
    let lines = form.lines.iter();
    let arrived: Vec<Arrival> =
        lines.map(|it| Arrival { line_no: it.line_no, received: it.received }).collect();
    edit(&state.ids, || perform(&state, &permit, seen, &arrived)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    (id, seen): Seen,
    arrived: &[Arrival],
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let checkout = &state.checkout;
    let moved = checkout.receive_return(&mut tx, id, seen, arrived, permit.actor(), now).await?;
    finish(tx, permit, moved, None).await
}
