//! Dead letters: what failed too often, and its second life.

use jiff::Timestamp;
use kernel::id::{EventId, JobId};
use pg::DbResult;
use serde_json::Value;
use uuid::Uuid;

use crate::sql;

/// An event that failed too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadEvent {
    /// Its id.
    pub id: EventId,
    /// What happened.
    pub kind: String,
    /// What it happened to.
    pub subject: Uuid,
    /// What a consumer needs to know of it.
    pub data: Value,
    /// When it became true.
    pub occurred_at: Timestamp,
    /// How often it was tried.
    pub attempts: u16,
    /// What went wrong the last time.
    pub last_error: String,
}

/// A job that failed too often, or for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadJob {
    /// Its id.
    pub id: JobId,
    /// What was to be done.
    pub kind: String,
    /// What the handler needed to know.
    pub payload: Value,
    /// The event it came from.
    pub event_id: Option<EventId>,
    /// How often it was tried.
    pub attempts: u16,
    /// What went wrong the last time.
    pub last_error: String,
}

/// The dead events, the newest first.
#[tracing::instrument(name = "db.outbox.list_dead_events", skip_all, err)]
pub async fn dead_events(conn: &mut pg::Connection, limit: u32) -> DbResult<Vec<DeadEvent>> {
    sql::deferred::list_dead(conn, i64::from(limit)).await
}

/// The dead jobs, the newest first.
#[tracing::instrument(name = "db.outbox.list_dead_jobs", skip_all, err)]
pub async fn dead_jobs(conn: &mut pg::Connection, limit: u32) -> DbResult<Vec<DeadJob>> {
    sql::jobs::list_dead(conn, i64::from(limit)).await
}

/// Lets a dead event be handed over again, with all its attempts. It may come after later events of
/// its subject, which did not wait for it any more. `false`: there is no dead event of this id.
#[tracing::instrument(name = "db.outbox.replay", skip(conn), err)]
pub async fn replay(conn: &mut pg::Connection, event_id: EventId) -> DbResult<bool> {
    sql::deferred::revive(conn, event_id).await
}

/// Lets a dead job run again, at `run_at`, with all its attempts. `false`: there is no such job.
#[tracing::instrument(name = "db.outbox.replay_job", skip(conn), err)]
pub async fn replay_job(
    conn: &mut pg::Connection,
    job_id: JobId,
    run_at: Timestamp,
) -> DbResult<bool> {
    sql::jobs::revive(conn, job_id, run_at).await
}
