//! What the shop does again and again by itself, on one node at a time.

pub mod list;
pub mod run;

use jiff::Timestamp;
use outbox::schedule::Scheduled;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::handler)).routes(routes!(run::handler))
}

/// A recurring job.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    /// Its name.
    #[schema(example = "audit")]
    pub name: String,
    /// Seconds from one beginning to the next.
    pub every_seconds: u64,
    /// When it is due.
    pub next_run_at: Timestamp,
    /// Which node is at it right now.
    #[schema(required)]
    pub running_on: Option<String>,
    /// Since when.
    #[schema(required)]
    pub running_since: Option<Timestamp>,
    /// How often it was begun.
    pub turns: i64,
    /// How the last turn ended: `succeeded`, `failed`, `abandoned` (its node died) or `interrupted`
    /// (its node stopped).
    #[schema(required, example = "succeeded")]
    pub outcome: Option<&'static str>,
    /// What it came to, or why it failed.
    #[schema(required)]
    pub message: Option<String>,
    /// When the last turn ended.
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
    /// When one ended well the last time.
    #[schema(required)]
    pub succeeded_at: Option<Timestamp>,
    /// Turns that did not end well since then.
    pub failures: u32,
}

impl From<Scheduled> for JobView {
    fn from(job: Scheduled) -> Self {
        let (running_on, running_since) = job.running.unzip();
        Self {
            name: job.name,
            every_seconds: job.every.as_secs(),
            next_run_at: job.next_run_at,
            running_on,
            running_since,
            turns: job.turns,
            outcome: job.outcome.map(outbox::schedule::TurnOutcome::as_str),
            message: job.message,
            finished_at: job.finished_at,
            succeeded_at: job.succeeded_at,
            failures: job.failures,
        }
    }
}
