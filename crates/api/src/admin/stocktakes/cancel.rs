//! `POST /api/admin/stocktakes/{id}/cancel`

use ::inventory::{Cause, SaveContext, stocktakes};
use axum::extract::State;
use kernel::id::StocktakeId;

use super::{
    conclude, on_record,
    view::{StocktakeView, Tagged},
};
use crate::{
    AppState,
    access::Permit,
    admin::reason::Reason,
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Gives it up: nothing is adjusted, and its rows thaw.
#[utoipa::path(
    post, path = "/api/admin/stocktakes/{id}/cancel", tag = "inventory", operation_id = "cancel_stocktake",
    params(("id" = StocktakeId, Path)),
    request_body = Reason,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StocktakeView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`STOCKTAKE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<StocktakeId>,
    kit::Json(form): kit::Json<Reason>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: StocktakeId,
    form: &Reason,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let by = permit.claims().user_id;
    let cause = Cause { actor: permit.actor(), reference: None, reason: None, at: now };
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let done = stocktakes::cancel(&mut tx, id, &form.reason, by, &cause, &context).await;
    conclude(tx, permit, done, ("", &[]), (on_record, Some(&form.reason)), now).await
}
