//! `POST /api/admin/transfers/{id}/cancel`

use ::inventory::{Cause, SaveContext, transfers};
use axum::extract::State;
use kernel::id::TransferId;
use pg::DbError;

use super::{
    form::check_arriving,
    on_record,
    problem::problem,
    resource,
    view::{Tagged, TransferView, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    admin::reason::Reason,
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// It is not to be. A draft has moved nothing; what is on the way goes back to where it came from.
#[utoipa::path(
    post, path = "/api/admin/transfers/{id}/cancel", tag = "inventory", operation_id = "cancel_transfer",
    params(
        ("id" = TransferId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = Reason,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = TransferView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`TRANSFER_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`, `STOCK_FROZEN`, `BUNDLE_HAS_NO_STOCK`", body = ProblemBody, content_type = "application/problem+json"),
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
    expected: Option<IfMatch>,
    kit::Json(form): kit::Json<Reason>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, expected, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: TransferId,
    expected: Option<IfMatch>,
    form: &Reason,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let expected = expected.map(|IfMatch(version)| version);
    let mut tx = state.db.begin().await?;
    check_arriving(&mut tx, id, |_| true).await?;
    let reason = Some(form.reason.as_str());
    let cause = Cause { actor: permit.actor(), reference: None, reason, at: now };
    let done = transfers::cancel(&mut tx, id, expected, &cause, &context).await;
    let (before, after) = match done {
        Ok(done) => done,
        Err(error) => return Err(problem(&mut tx, error, &[], now).await),
    };
    let change =
        Change { before: Some(on_record(&before)), after: Some(on_record(&after)), reason };
    permit.record(&mut tx, &resource(&after), change).await?;
    let answer = tagged(&mut tx, &after, now).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(answer)
}
