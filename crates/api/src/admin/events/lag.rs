//! `GET /api/admin/events/lag`

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// How much waits. No count goes past 100,000.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lag {
    /// Events not yet handed over.
    pub events: u64,
    /// Jobs not yet finished, those for later included.
    pub jobs: u64,
    /// Events that failed too often.
    pub dead_events: u64,
    /// Jobs that failed too often.
    pub dead_jobs: u64,
    /// When the event that waits longest occurred.
    #[schema(required)]
    pub oldest_event_at: Option<Timestamp>,
    /// When the job that waits longest was, or will be, due.
    #[schema(required)]
    pub oldest_job_at: Option<Timestamp>,
    /// Seconds for which the oldest event or overdue job has been waiting.
    pub oldest_age_seconds: i64,
}

/// How far the news is behind what happened.
#[utoipa::path(
    get, path = "/api/admin/events/lag", tag = "events", operation_id = "get_event_lag",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Lag),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(State(state): State<AppState>, _: Permit) -> Result<Json<Lag>, Problem> {
    let mut conn = state.db.acquire().await?;
    let depth = outbox::pending(&mut conn).await?;
    Ok(Json(Lag {
        events: depth.events,
        jobs: depth.jobs,
        dead_events: depth.dead_events,
        dead_jobs: depth.dead_jobs,
        oldest_event_at: depth.oldest_event_at,
        oldest_job_at: depth.oldest_job_at,
        oldest_age_seconds: depth.oldest_age(state.clock.now()).as_secs(),
    }))
}
