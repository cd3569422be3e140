//! `POST /api/admin/stocktakes/{id}/extend`

use ::inventory::stocktakes::{self, MAX_MINUTES};
use axum::extract::State;
use garde::Validate;
use jiff::SignedDuration;
use kernel::id::StocktakeId;
use pg::DbError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    on_record,
    problem::problem,
    resource,
    view::{StocktakeView, Tagged, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// How long it may last from now on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// In minutes; at most three days.
    #[garde(range(min = 1, max = MAX_MINUTES))]
    #[schema(minimum = 1, maximum = 4320)]
    pub expires_in_minutes: u32,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// Gives it another time to end by itself, from now on. It may be a shorter one.
#[utoipa::path(
    post, path = "/api/admin/stocktakes/{id}/extend", tag = "inventory", operation_id = "extend_stocktake",
    params(("id" = StocktakeId, Path)),
    request_body = Extension,
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
    kit::Json(form): kit::Json<Extension>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: StocktakeId,
    form: &Extension,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let expires_at = now + SignedDuration::from_mins(i64::from(form.expires_in_minutes));
    let (before, stocktake) = match stocktakes::extend(&mut tx, id, expires_at).await {
        Ok(done) => done,
        Err(error) => return Err(problem(&mut tx, error, ("", &[]), now).await),
    };
    let change = Change {
        before: Some(on_record(&before)),
        after: Some(on_record(&stocktake)),
        reason: form.reason.as_deref(),
    };
    permit.record(&mut tx, &resource(&stocktake), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(tagged(&stocktake))
}
