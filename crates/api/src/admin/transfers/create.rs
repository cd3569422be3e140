//! `POST /api/admin/transfers`

use ::inventory::transfers;
use axum::{extract::State, http::StatusCode};
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
    kit::{self, Problem, edit::edit, problem::ProblemBody},
};

/// Plans a transfer; nothing moves before it is dispatched.
#[utoipa::path(
    post, path = "/api/admin/transfers", tag = "inventory", operation_id = "create_transfer",
    request_body = TransferForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = TransferView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`, `WAREHOUSE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`BUNDLE_HAS_NO_STOCK`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<TransferForm>,
) -> Result<(StatusCode, Tagged), Problem> {
    edit(&state.ids, || perform(&state, &permit, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    form: &TransferForm,
) -> Result<(StatusCode, Tagged), Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let draft = form.draft(&mut tx).await?;
    let (id, by) = (state.ids.next::<TransferId>(&*state.clock), permit.claims().user_id);
    let transfer = match transfers::create(&mut tx, id, &draft, by, now).await {
        Ok(transfer) => transfer,
        Err(error) => return Err(problem(&mut tx, error, &form.lines, now).await),
    };
    let change = Change { after: Some(on_record(&transfer)), ..Change::default() };
    permit.record(&mut tx, &resource(&transfer), change).await?;
    let answer = tagged(&mut tx, &transfer, now).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((StatusCode::CREATED, answer))
}
