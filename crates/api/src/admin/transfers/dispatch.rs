//! `POST /api/admin/transfers/{id}/dispatch`

use ::inventory::{Cause, SaveContext, transfers};
use axum::extract::State;
use kernel::id::TransferId;
use pg::DbError;

use super::{
    on_record,
    problem::problem,
    resource,
    view::{Tagged, TransferView, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
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
    let (before, after) = match done {
        Ok(done) => done,
        Err(error) => return Err(problem(&mut tx, error, &[], now).await),
    };
    let change =
        Change { before: Some(on_record(&before)), after: Some(on_record(&after)), reason: None };
    permit.record(&mut tx, &resource(&after), change).await?;
    let answer = tagged(&mut tx, &after, now).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(answer)
}
