//! What has to be done again and again, by one node at a time, however many there are: expiry,
//! polling, reconciliation, audits, retention.
//!
//! Each [`Recurring`] job has a row that says when it is due. A [`Scheduler`] on every node looks for
//! jobs that are, and whoever takes the row has the *turn*: a lease that is renewed while the job
//! runs, and that others take over when it is not renewed any more, because the node died or hangs.
//!
//! A node that hangs may wake up and go on with a turn that is not its own any more. Against that
//! each turn has a number, the *fencing token*, which only grows: [`Turn::hold`] locks the row for
//! the rest of a transaction and refuses a turn that is over. What a transaction writes after it is
//! written by whoever has the turn, or not at all. Others may be given [`Turn::token`].
//!
//! What does no harm when two do it at once (queues that are claimed with `SKIP LOCKED`) needs none
//! of this.

pub mod scheduler;
pub mod turn;

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use pg::DbResult;

pub use self::{scheduler::Scheduler, turn::Turn};
use crate::{HandleError, sql};

/// Something to do again and again.
pub trait Recurring: Send + Sync {
    /// Its name, which is the same on all nodes.
    fn name(&self) -> &'static str;
    /// How long from one beginning to the next. After a failure it is tried again sooner.
    fn every(&self) -> Duration;
    /// Does it once; answers what it came to, in a few words. Ends soon after [`Turn::is_over`], and
    /// may be cut off then at any point where it waits.
    fn run<'a>(&'a self, turn: &'a Turn) -> BoxFuture<'a, Result<String, HandleError>>;
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TurnOutcome {
    /// It was done.
    Succeeded,
    /// It was not.
    Failed,
    /// Nobody knows: its node died, or could not reach the database.
    Abandoned,
    /// The program stopped meanwhile; another node goes on at once.
    Interrupted,
}

impl TurnOutcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Succeeded, Self::Failed, Self::Abandoned, Self::Interrupted];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
            Self::Interrupted => "interrupted",
        }
    }

    /// What a word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// A recurring job as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// Its name.
    pub name: String,
    /// How long from one beginning to the next.
    pub every: Duration,
    /// When it is due.
    pub next_run_at: Timestamp,
    /// Which node is at it right now, and since when.
    pub running: Option<(String, Timestamp)>,
    /// How many turns there were.
    pub turns: i64,
    /// When the last turn ended.
    pub finished_at: Option<Timestamp>,
    /// When one ended well the last time.
    pub succeeded_at: Option<Timestamp>,
    /// How the last turn ended.
    pub outcome: Option<TurnOutcome>,
    /// What it came to, or why it failed.
    pub message: Option<String>,
    /// Turns that did not end well since the last one that did.
    pub failures: u32,
}

/// All recurring jobs, by name.
#[tracing::instrument(level = "debug", name = "db.outbox.scheduled", skip_all, err)]
pub async fn scheduled(conn: &mut pg::Connection) -> DbResult<Vec<Scheduled>> {
    sql::schedule::list(conn).await
}

/// Makes a job due now. `None`: there is no such job. One that is running is due again when it has
/// ended only if it was due anyway.
#[tracing::instrument(name = "db.outbox.run_soon", skip(conn), err)]
pub async fn run_soon(
    conn: &mut pg::Connection,
    name: &str,
    now: Timestamp,
) -> DbResult<Option<Scheduled>> {
    if !sql::schedule::run_soon(conn, name, now).await? {
        return Ok(None);
    }
    let all = sql::schedule::list(conn).await?;
    Ok(all.into_iter().find(|it| it.name == name))
}
