//! `POST /api/admin/reconciliations/{day}`

use ::access::{Kind, Resource};
use axum::{Json, extract::State, http::StatusCode};
use garde::Validate;
use jiff::civil::{Date, date};
use kernel::ErrorCode;
use payments::reconciliation;
use pg::DbError;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{PROVIDER, view::ReconciliationView};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Nothing before that was paid through any shop of this kind.
const EARLIEST: Date = date(2000, 1, 1);

/// Nothing needs to be said.
#[derive(Clone, Copy, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconciliationForm {}

/// Has the books of a day compared, perhaps again: it is done within a minute or so, as the
/// provider's limits allow, and the answer tells how far it is. Nothing becomes a task twice.
#[utoipa::path(
    post, path = "/api/admin/reconciliations/{day}", tag = "payments", operation_id = "ask_reconciliation",
    params(("day" = String, Path, description = "In Taipei; over", format = Date)),
    request_body = ReconciliationForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = ReconciliationView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`: the day is not over", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(day): Path<Date>,
    kit::Json(ReconciliationForm {}): kit::Json<ReconciliationForm>,
) -> Result<(StatusCode, Json<ReconciliationView>), Problem> {
    edit(&state.ids, || perform(&state, &permit, day)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    day: Date,
) -> Result<(StatusCode, Json<ReconciliationView>), Problem> {
    let now = state.clock.now();
    if day < EARLIEST || day >= reconciliation::day_of(now) {
        return Err(Problem::new(ErrorCode::ValidationFailed).field("#day", "is not over yet"));
    }
    let mut tx = state.db.begin().await?;
    reconciliation::ask(&mut tx, PROVIDER, day, now).await?;
    let found = reconciliation::find(&mut tx, PROVIDER, day).await?;
    let found = found.ok_or(ErrorCode::Internal)?;
    let after = Some(json!({"day": day, "status": found.status}));
    let target = Resource::one(Kind::Payment, format!("{PROVIDER}/{day}"));
    permit.record(&mut tx, &target, Change { after, ..Change::default() }).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((StatusCode::ACCEPTED, Json(found.into())))
}
