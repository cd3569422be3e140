//! `POST /api/admin/transfers/{id}/close`

use ::inventory::{SaveContext, transfers};
use axum::extract::State;
use kernel::id::TransferId;

use super::{
    conclude,
    view::{Tagged, TransferView},
};
use crate::{
    AppState,
    access::Permit,
    admin::reason::Reason,
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// What has not arrived is lost, and the reason is kept with it: nothing vanishes.
#[utoipa::path(
    post, path = "/api/admin/transfers/{id}/close", tag = "inventory", operation_id = "close_transfer",
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
    let done = transfers::close(&mut tx, id, expected, &form.reason, now, &context).await;
    conclude(tx, permit, done, (&[], Some(&form.reason)), now).await
}
