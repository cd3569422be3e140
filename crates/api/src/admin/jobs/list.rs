//! `GET /api/admin/jobs`

use axum::{Json, extract::State};
use outbox::schedule;
use serde::Serialize;
use utoipa::ToSchema;

use super::JobView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// All recurring jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Jobs {
    /// By name.
    pub items: Vec<JobView>,
}

/// What the shop does again and again by itself: when it is due, and how it went.
#[utoipa::path(
    get, path = "/api/admin/jobs", tag = "events", operation_id = "list_jobs",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Jobs),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(State(state): State<AppState>, _: Permit) -> Result<Json<Jobs>, Problem> {
    let mut conn = state.db.acquire().await?;
    let jobs = schedule::scheduled(&mut conn).await?;
    Ok(Json(Jobs { items: jobs.into_iter().map(JobView::from).collect() }))
}
