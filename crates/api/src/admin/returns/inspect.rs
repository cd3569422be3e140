//! `POST /api/admin/returns/{id}/inspect`

use ::shipping::returns::Finding;
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

/// What was found.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnInspection {
    /// Every line of which something came, once.
    #[garde(length(min = 1, max = 100), dive)]
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<InspectedLine>,
}

/// What was found of a line: `restock + write_off + refuse` is what came.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectedLine {
    /// Which line of the order.
    #[garde(skip)]
    pub line_no: i16,
    /// Accepted and in good order: on sale again.
    #[serde(default)]
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub restock: i32,
    /// Accepted, and not to be sold.
    #[serde(default)]
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub write_off: i32,
    /// Not accepted: they go back to the customer, and so does no money for them.
    #[serde(default)]
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub refuse: i32,
    /// In words; for what is written off, the ledger keeps them.
    #[serde(default)]
    #[garde(inner(length(chars, max = 500), custom(check_long_text)))]
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// The goods were looked at: what is accepted is taken back, and exactly that is refunded, without
/// further approval. When nothing of the order is left with the customer, it is returned; else it goes
/// back to where it was.
#[utoipa::path(
    post, path = "/api/admin/returns/{id}/inspect", tag = "returns", operation_id = "inspect_return",
    params(
        ("id" = ReturnId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = ReturnInspection,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReturnView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`RETURN_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`; `STOCK_FROZEN`: a stocktake counts where the goods go", body = ProblemBody, content_type = "application/problem+json"),
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
    kit::Json(form): kit::Json<ReturnInspection>,
) -> Result<Tagged, Problem> {
    let seen = (id, seen.map(|IfMatch(version)| version));
    let found: Vec<Finding> = form
        .lines
        .into_iter()
        .map(|it| Finding {
            line_no: it.line_no,
            restocked: it.restock,
            written_off: it.write_off,
            refused: it.refuse,
            note: it.note.filter(|note| !note.trim().is_empty()),
        })
        .collect();
    edit(&state.ids, || perform(&state, &permit, seen, &found)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    (id, seen): Seen,
    found: &[Finding],
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let checkout = &state.checkout;
    let moved = checkout.inspect_return(&mut tx, id, seen, found, permit.actor(), now).await?;
    finish(tx, permit, moved, None).await
}
