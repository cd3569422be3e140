//! `PATCH /api/admin/transfers/{id}`

use ::inventory::transfers;
use axum::extract::State;
use kernel::id::TransferId;
use pg::DbError;

use super::{
    form::TransferForm,
    on_record,
    problem::problem,
    resource,
    view::{Tagged, TransferView, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Makes a draft another plan: what is sent is all of it.
#[utoipa::path(
    patch, path = "/api/admin/transfers/{id}", tag = "inventory", operation_id = "edit_transfer",
    params(
        ("id" = TransferId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read"),
    ),
    request_body = TransferForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = TransferView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`TRANSFER_NOT_FOUND`, `PRODUCT_NOT_FOUND`, `WAREHOUSE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`, `BUNDLE_HAS_NO_STOCK`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<TransferId>,
    IfMatch(expected): IfMatch,
    kit::Json(form): kit::Json<TransferForm>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, expected, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: TransferId,
    expected: i64,
    form: &TransferForm,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let draft = form.draft(&mut tx).await?;
    let (before, after) = match transfers::edit(&mut tx, id, expected, &draft).await {
        Ok(edited) => edited,
        Err(error) => return Err(problem(&mut tx, error, &form.lines, now).await),
    };
    let change =
        Change { before: Some(on_record(&before)), after: Some(on_record(&after)), reason: None };
    permit.record(&mut tx, &resource(&after), change).await?;
    let answer = tagged(&mut tx, &after, now).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(answer)
}
