//! Jobs: work to do later, outside any transaction.

use futures::future::BoxFuture;
use jiff::Timestamp;
use kernel::id::{EventId, JobId};
use pg::DbResult;
use serde_json::Value;

use crate::{JobError, runner::JOB_ATTEMPTS, sql};

/// A job to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// What to do: a [`JobHandler`] of this kind does it.
    pub kind: &'static str,
    /// What the handler needs to know.
    pub payload: Value,
    /// The event it comes from: of one event there is at most one job of a kind.
    pub event_id: Option<EventId>,
    /// Not before this.
    pub run_at: Timestamp,
}

/// A job that somebody works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What to do.
    pub kind: String,
    /// What the handler needs to know.
    pub payload: Value,
    /// The event it comes from.
    pub event_id: Option<EventId>,
    /// Which attempt this is, from 1.
    pub attempt: u16,
}

/// Somebody who does the jobs of one kind.
///
/// A job may run more than once, even after it succeeded (the program may die before it could
/// write that down): the handler passes the job's or the event's id on as deduplication key.
pub trait JobHandler: Send + Sync {
    /// The kind of jobs it does.
    fn kind(&self) -> &'static str;
    /// How often one is tried before it is dead. With the longest pause of ten minutes, each further
    /// dozen is about an hour and a half.
    fn attempts(&self) -> u16 {
        JOB_ATTEMPTS
    }
    /// Does one. Runs outside any transaction, and is cut off at the runner's time limit.
    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<(), JobError>>;
}

/// Writes `jobs` with one statement, in the caller's transaction. A job whose event already has one
/// of its kind is left out.
#[tracing::instrument(level = "debug", name = "db.outbox.enqueue", skip_all, err)]
pub async fn enqueue(conn: &mut pg::Connection, jobs: &[NewJob]) -> DbResult<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    sql::jobs::insert(conn, jobs).await
}
