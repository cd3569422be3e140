//! How much waits: for metrics and for readiness.

use jiff::{SignedDuration, Timestamp};
use pg::DbResult;

use crate::sql;

/// What waits and what is dead. No count goes past 100,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Events not yet handed over.
    pub events: u64,
    /// Jobs not yet finished, those for later included.
    pub jobs: u64,
    /// Events that failed too often.
    pub dead_events: u64,
    /// Jobs that failed too often.
    pub dead_jobs: u64,
    /// When the event that waits longest occurred.
    pub oldest_event_at: Option<Timestamp>,
    /// When the job that waits longest was, or will be, due.
    pub oldest_job_at: Option<Timestamp>,
}

impl Depth {
    /// Everything that needs a person.
    pub const fn dead(&self) -> u64 {
        self.dead_events + self.dead_jobs
    }

    /// How long the oldest event or overdue job has been waiting; zero when nothing waits.
    pub fn oldest_age(&self, now: Timestamp) -> SignedDuration {
        [self.oldest_event_at, self.oldest_job_at]
            .into_iter()
            .flatten()
            .map(|at| now.duration_since(at))
            .max()
            .unwrap_or_default()
            .max(SignedDuration::ZERO)
    }
}

/// How much waits right now.
#[tracing::instrument(level = "debug", name = "db.outbox.depth", skip_all, err)]
pub async fn pending(conn: &mut pg::Connection) -> DbResult<Depth> {
    sql::depth::depth(conn).await
}
