//! `POST /api/admin/jobs/{name}/run`

use ::access::{Kind, Resource};
use axum::{Json, extract::State};
use kernel::ErrorCode;
use outbox::schedule;
use pg::DbError;
use serde_json::json;

use super::JobView;
use crate::{
    AppState,
    access::{Change, Permit},
    admin::reason::Reason,
    kit::{self, Path, Problem, edit, problem::ProblemBody},
};

/// Has a recurring job done within seconds, by whichever node looks first. One that is running goes
/// on as it is.
#[utoipa::path(
    post, path = "/api/admin/jobs/{name}/run", tag = "events", operation_id = "run_job",
    params(("name" = String, Path, example = "audit")),
    request_body = Reason,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = JobView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`NOT_FOUND`: there is no such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(name): Path<String>,
    kit::Json(form): kit::Json<Reason>,
) -> Result<Json<JobView>, Problem> {
    edit(&state.ids, || perform(&state, &permit, &name, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    name: &str,
    form: &Reason,
) -> Result<Json<JobView>, Problem> {
    let unknown = || Problem::new(ErrorCode::NotFound).detail("there is no such job");
    // PostgreSQL's text cannot hold NUL, and a path may.
    if name.contains('\0') {
        return Err(unknown());
    }
    let mut tx = state.db.begin().await?;
    let job = schedule::run_soon(&mut tx, name, state.clock.now()).await?.ok_or_else(unknown)?;
    let change = Change {
        after: Some(json!({"next_run_at": job.next_run_at})),
        reason: Some(&form.reason),
        ..Change::default()
    };
    permit.record(&mut tx, &Resource::one(Kind::Event, name), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(job.into()))
}
