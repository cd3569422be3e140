//! `POST /api/admin/stocktakes/{id}/recount`

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
    admin::reason::Reason,
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Goes back to counting. What was counted stays; who counts again corrects themselves.
#[utoipa::path(
    post, path = "/api/admin/stocktakes/{id}/recount", tag = "inventory", operation_id = "recount_stocktake",
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
    let done = stocktakes::recount(&mut tx, id).await;
    conclude(tx, permit, done, ("", &[]), (on_record, Some(&form.reason)), now).await
}
