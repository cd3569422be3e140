//! `POST /api/admin/transfers/{id}/dispatch`

use ::inventory::{Cause, SaveContext, transfers};
use axum::extract::State;
use kernel::id::TransferId;

use super::{
    conclude,
    view::{Tagged, TransferView},
};
use crate::{
    AppState,
    access::Permit,
    kit::{IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// The goods leave (調撥出庫): all lines or none. They are nobody's available until they arrive.
#[utoipa::path(
    post, path = "/api/admin/transfers/{id}/dispatch", tag = "inventory", operation_id = "dispatch_transfer",
    params(
        ("id" = TransferId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = TransferView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`TRANSFER_NOT_FOUND`, `WAREHOUSE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`, `INVENTORY_SHORTAGE`, `STOCK_FROZEN`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<TransferId>,
    expected: Option<IfMatch>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, expected)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: TransferId,
    expected: Option<IfMatch>,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let expected = expected.map(|IfMatch(version)| version);
    let mut tx = state.db.begin().await?;
    let cause = Cause { actor: permit.actor(), reference: None, reason: None, at: now };
    let done = transfers::dispatch(&mut tx, id, expected, &cause, &context).await;
    conclude(tx, permit, done, (&[], None), now).await
}
