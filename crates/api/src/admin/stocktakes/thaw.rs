//! `POST /api/admin/stocktakes/{id}/thaw`

use ::inventory::{Cause, SaveContext, stocktakes};
use axum::extract::State;
use kernel::id::StocktakeId;
use pg::DbError;
use serde_json::json;

use super::{
    problem::problem,
    resource,
    view::{StocktakeView, Tagged, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    admin::reason::Reason,
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Thaws whatever it holds, by force. One that is not over is cancelled; nothing is adjusted.
#[utoipa::path(
    post, path = "/api/admin/stocktakes/{id}/thaw", tag = "inventory", operation_id = "thaw_stocktake",
    params(("id" = StocktakeId, Path)),
    request_body = Reason,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StocktakeView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`STOCKTAKE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it holds nothing", body = ProblemBody, content_type = "application/problem+json"),
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
    let reason = &form.reason;
    let done = stocktakes::force_thaw(&mut tx, id, reason, by, &cause, &context).await;
    let (stocktake, thawed) = match done {
        Ok(done) => done,
        Err(error) => return Err(problem(&mut tx, error, ("", &[]), now).await),
    };
    let change = Change {
        after: Some(
            json!({"stocktake": stocktake.name(), "status": stocktake.status, "thawed": thawed}),
        ),
        reason: Some(reason),
        ..Change::default()
    };
    permit.record(&mut tx, &resource(&stocktake), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(tagged(&stocktake))
}
