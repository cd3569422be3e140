//! The worker that looks what is due.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use jiff::Timestamp;
use kernel::{Ids, SharedClock, later};
use pg::{Db, DbResult};
use tokio_util::sync::CancellationToken;

use super::{Recurring, Turn, TurnOutcome};
use crate::{
    error::keep,
    pause,
    sql::schedule::{self, Ended},
};

/// How often to look.
const LOOK: Duration = Duration::from_secs(1);
/// How long a turn lasts without being renewed.
const LEASE: Duration = Duration::from_mins(1);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(15);
/// How long a job may take to end after its turn is over.
const GRACE: Duration = Duration::from_secs(10);
/// The first pause after a failure; it doubles up to the job's own period.
const AGAIN: Duration = Duration::from_secs(30);

/// Does recurring jobs when they are due. One on every node.
pub struct Scheduler {
    db: Db,
    clock: SharedClock,
    ids: Ids,
    /// Which node this is, for people.
    node: String,
    jobs: Vec<Arc<dyn Recurring>>,
    renew: Duration,
}

impl Scheduler {
    /// For these jobs. `node` says to people which one it is.
    ///
    /// # Panics
    /// When two jobs have the same name.
    pub fn new(
        db: Db,
        clock: SharedClock,
        ids: Ids,
        node: String,
        jobs: Vec<Arc<dyn Recurring>>,
    ) -> Self {
        let mut names: Vec<&str> = jobs.iter().map(|it| it.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), jobs.len(), "one job a name");
        Self { db, clock, ids, node, jobs, renew: RENEW }
    }

    /// The same, looking more often whether its turns are still its own.
    #[must_use]
    pub const fn renewing_every(mut self, renew: Duration) -> Self {
        self.renew = renew;
        self
    }

    /// Makes the jobs known. New ones are due after their first period.
    pub async fn register(&self) -> DbResult<()> {
        let mut tx = self.db.begin().await?;
        for job in &self.jobs {
            schedule::register(&mut tx, job.name(), job.every(), self.clock.now()).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Does what is due, once, and says how many jobs that was.
    pub async fn run_due(&self, stop: &CancellationToken) -> DbResult<usize> {
        let turns = self.take(&[]).await?;
        let taken = turns.len();
        let mut running: FuturesUnordered<_> =
            turns.into_iter().map(|(job, turn)| self.serve(job, turn, stop)).collect();
        while running.next().await.is_some() {}
        Ok(taken)
    }

    /// Works until it is cancelled. Jobs that are running are told, and given a little time.
    pub async fn run(&self, stop: CancellationToken) {
        let mut running = FuturesUnordered::new();
        let (mut busy, mut known): (Vec<&'static str>, bool) = (Vec::new(), false);
        while !stop.is_cancelled() {
            let looked = async {
                if !known {
                    self.register().await?;
                }
                self.take(&busy).await
            };
            match looked.await {
                Ok(turns) => {
                    known = true;
                    for (job, turn) in turns {
                        busy.push(job.name());
                        running.push(self.serve(job, turn, &stop));
                    }
                }
                Err(error) => tracing::warn!(%error, "the scheduler could not look what is due"),
            }
            let pause = pause::jittered(LOOK, &self.ids);
            tokio::select! {
                () = stop.cancelled() => {}
                Some(name) = running.next(), if !running.is_empty() => {
                    busy.retain(|it| *it != name);
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
        while running.next().await.is_some() {}
    }

    /// Takes the turns of jobs that are due, without those that this node is at.
    async fn take(&self, busy: &[&'static str]) -> DbResult<Vec<(&Arc<dyn Recurring>, Turn)>> {
        let now = self.clock.now();
        let names: Vec<&str> =
            self.jobs.iter().map(|it| it.name()).filter(|it| !busy.contains(it)).collect();
        let mut conn = self.db.acquire().await?;
        let until = later(now, LEASE);
        let taken = schedule::take(&mut conn, &names, &self.node, now, until).await?;
        let turns = taken.into_iter().filter_map(|(name, token)| {
            let job = self.jobs.iter().find(|it| it.name() == name)?;
            let over = CancellationToken::new();
            Some((job, Turn { name: job.name(), token, over }))
        });
        Ok(turns.collect())
    }

    /// One turn, from its beginning to its end written down.
    #[tracing::instrument(name = "outbox.turn", skip_all, fields(job = turn.name, turn = turn.token))]
    async fn serve(
        &self,
        job: &Arc<dyn Recurring>,
        turn: Turn,
        stop: &CancellationToken,
    ) -> &'static str {
        let began = self.clock.now();
        let (outcome, message) = self.work(job, &turn, stop).await;
        match outcome {
            TurnOutcome::Succeeded => tracing::debug!("{}: {message}", turn.name),
            TurnOutcome::Failed => tracing::error!("{} failed: {message}", turn.name),
            TurnOutcome::Abandoned | TurnOutcome::Interrupted => {
                tracing::warn!("{} was cut off: {message}", turn.name);
            }
        }
        if let Err(error) = self.end(job, &turn, began, outcome, &message).await {
            // Its lease runs out, and it is taken over.
            tracing::warn!(%error, "the end of {} could not be written down", turn.name);
        }
        turn.name
    }

    /// Does the job while the turn is renewed.
    async fn work(
        &self,
        job: &Arc<dyn Recurring>,
        turn: &Turn,
        stop: &CancellationToken,
    ) -> (TurnOutcome, String) {
        let doing = AssertUnwindSafe(job.run(turn)).catch_unwind();
        tokio::pin!(doing);
        let cut = tokio::select! {
            done = &mut doing => return of(done),
            () = stop.cancelled() => (TurnOutcome::Interrupted, "the program stopped"),
            why = self.keep(turn) => (TurnOutcome::Abandoned, why),
        };
        turn.over.cancel();
        match tokio::time::timeout(GRACE, &mut doing).await {
            // Done after all; what was fenced is an error of its own.
            Ok(done) if cut.0 == TurnOutcome::Interrupted => match of(done) {
                done @ (TurnOutcome::Succeeded, _) => done,
                _ => (cut.0, cut.1.to_owned()),
            },
            _ => (cut.0, cut.1.to_owned()),
        }
    }

    /// Renews the turn until that fails for good; says why.
    async fn keep(&self, turn: &Turn) -> &'static str {
        let mut lasts_until = later(self.clock.now(), LEASE);
        loop {
            tokio::time::sleep(self.renew).await;
            let until = later(self.clock.now(), LEASE);
            let renewed = async {
                let mut conn = self.db.acquire().await?;
                schedule::renew(&mut conn, turn.name, turn.token, until).await
            };
            match renewed.await {
                Ok(true) => lasts_until = until,
                Ok(false) => return "somebody else has the turn",
                Err(error) => {
                    tracing::warn!(%error, "the turn of {} could not be renewed", turn.name);
                    if self.clock.now() >= lasts_until {
                        return "the database could not be reached";
                    }
                }
            }
        }
    }

    async fn end(
        &self,
        job: &Arc<dyn Recurring>,
        turn: &Turn,
        began: Timestamp,
        outcome: TurnOutcome,
        message: &str,
    ) -> DbResult<()> {
        let now = self.clock.now();
        let mut conn = self.db.acquire().await?;
        let failures = schedule::failures(&mut conn, turn.name).await?;
        let next = match outcome {
            TurnOutcome::Succeeded => later(began, job.every()).max(now),
            TurnOutcome::Interrupted | TurnOutcome::Abandoned => now,
            TurnOutcome::Failed => {
                let pause = AGAIN.saturating_mul(1 << failures.min(16)).min(job.every());
                later(now, pause::jittered(pause, &self.ids))
            }
        };
        let ended = Ended { outcome, message: &keep(message), at: now, next_run_at: next };
        if !schedule::end(&mut conn, turn.name, turn.token, &ended).await? {
            tracing::warn!("the turn of {} was somebody else's already", turn.name);
        }
        Ok(())
    }
}

/// What a job's end means.
fn of<P>(done: Result<Result<String, crate::HandleError>, P>) -> (TurnOutcome, String) {
    match done {
        Ok(Ok(message)) => (TurnOutcome::Succeeded, message),
        Ok(Err(error)) => (TurnOutcome::Failed, error.to_string()),
        Err(_panic) => (TurnOutcome::Failed, "panicked".to_owned()),
    }
}
