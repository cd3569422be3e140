//! `POST /api/admin/transfers/{id}/receive`

use ::inventory::{Cause, SaveContext, transfers};
use axum::extract::State;
use garde::Validate;
use kernel::id::TransferId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    conclude,
    form::{MovedUnits, check_arriving, units},
    view::{Tagged, TransferView},
};
use crate::{
    AppState,
    access::Permit,
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Goods that arrived.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Arrival {
    /// What, each variant once.
    #[garde(length(min = 1, max = 500), dive)]
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<MovedUnits>,
}

/// Goods arrive (調撥入庫): as much of them as is said, as often as it takes. With the last unit the
/// transfer is received.
#[utoipa::path(
    post, path = "/api/admin/transfers/{id}/receive", tag = "inventory", operation_id = "receive_transfer",
    params(
        ("id" = TransferId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = Arrival,
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
    kit::Json(form): kit::Json<Arrival>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, expected, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: TransferId,
    expected: Option<IfMatch>,
    form: &Arrival,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let expected = expected.map(|IfMatch(version)| version);
    let mut tx = state.db.begin().await?;
    let arrived = units(&form.lines)?;
    check_arriving(&mut tx, id, |it| arrived.iter().any(|(variant, _)| *variant == it)).await?;
    let cause = Cause { actor: permit.actor(), reference: None, reason: None, at: now };
    let done = transfers::receive(&mut tx, id, expected, &arrived, &cause, &context).await;
    conclude(tx, permit, done, (&form.lines, None), now).await
}
