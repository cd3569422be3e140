//! `PATCH /api/admin/transfers/{id}`

use ::inventory::transfers;
use axum::extract::State;
use kernel::id::TransferId;

use super::{
    conclude,
    form::TransferForm,
    view::{Tagged, TransferView},
};
use crate::{
    AppState,
    access::Permit,
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
    let done = transfers::edit(&mut tx, id, expected, &draft).await;
    conclude(tx, permit, done, (&form.lines, None), now).await
}
