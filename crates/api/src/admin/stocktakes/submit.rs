//! `POST /api/admin/stocktakes/{id}/review`

use ::inventory::stocktakes;
use axum::extract::State;
use kernel::id::StocktakeId;

use super::{
    conclude, on_record,
    view::{StocktakeView, Tagged},
};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, edit::edit, problem::ProblemBody},
};

/// Ends the counting: every line was counted by enough people, or skipped. What differs can be looked
/// at in `GET /api/admin/stocktakes/{id}/lines?only=differing`.
#[utoipa::path(
    post, path = "/api/admin/stocktakes/{id}/review", tag = "inventory", operation_id = "review_stocktake",
    params(("id" = StocktakeId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StocktakeView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`STOCKTAKE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`, `STOCKTAKE_NOT_READY`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<StocktakeId>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id)).await
}

async fn perform(state: &AppState, permit: &Permit, id: StocktakeId) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let done = stocktakes::submit(&mut tx, id).await;
    conclude(tx, permit, done, ("", &[]), (on_record, None), now).await
}
