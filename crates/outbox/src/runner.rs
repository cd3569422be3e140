//! The job runner: claims jobs for a while, does them outside any transaction, writes down how it
//! went. A runner that dies loses its lease, and another takes over.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use kernel::{Ids, SharedClock, later};
use pg::{Db, DbResult};
use tokio_util::sync::CancellationToken;

use crate::{
    Job, JobError, JobHandler,
    error::keep,
    pause,
    relay::{OUTAGE_POLL, POLL},
    sql::jobs::{self, Ending},
};

/// A job that was tried this often is dead, if its handler says nothing else.
pub const JOB_ATTEMPTS: u16 = 10;

/// Jobs a runner does at the same time.
const AT_ONCE: usize = 8;
/// No attempt may take longer, if nothing else is said.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// How much longer than that a claim holds: time to write down how it went.
const GRACE: Duration = Duration::from_secs(30);
/// How often to try to write down how a job went.
const RECORD_TRIES: u32 = 5;

/// Does jobs. Any number of runners may run, here and elsewhere.
pub struct JobRunner {
    db: Db,
    clock: SharedClock,
    ids: Ids,
    handlers: HashMap<&'static str, Arc<dyn JobHandler>>,
    kinds: Vec<&'static str>,
    time_limit: Duration,
}

impl JobRunner {
    /// A runner for the kinds of `handlers`; jobs of other kinds are left to others.
    ///
    /// # Panics
    /// When two handlers have the same kind.
    pub fn new(db: Db, clock: SharedClock, ids: Ids, handlers: Vec<Arc<dyn JobHandler>>) -> Self {
        let kinds: Vec<&'static str> = handlers.iter().map(|it| it.kind()).collect();
        let handlers: HashMap<_, _> = handlers.into_iter().map(|it| (it.kind(), it)).collect();
        assert_eq!(handlers.len(), kinds.len(), "one handler a kind");
        Self { db, clock, ids, handlers, kinds, time_limit: TIME_LIMIT }
    }

    /// The same with another limit for the time of one attempt.
    #[must_use]
    pub const fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// Does what is due, a handful at most, and says how many jobs it tried. An error is about
    /// writing down, never about a job.
    pub async fn run_due(&self) -> DbResult<usize> {
        let jobs = self.claim(AT_ONCE).await?;
        let tried = jobs.len();
        let attempts: FuturesUnordered<_> = jobs.into_iter().map(|job| self.attempt(job)).collect();
        let results: Vec<DbResult<()>> = attempts.collect().await;
        results.into_iter().collect::<DbResult<()>>()?;
        Ok(tried)
    }

    /// Works until it is cancelled. Jobs in progress are finished first (their time is limited).
    pub async fn run(&self, cancel: CancellationToken) {
        let mut working = FuturesUnordered::new();
        let mut outages = 0;
        while !cancel.is_cancelled() {
            let mut pause = POLL;
            let free = AT_ONCE - working.len();
            if free > 0 {
                match self.claim(free).await {
                    Ok(jobs) => {
                        outages = 0;
                        working.extend(jobs.into_iter().map(|job| self.attempt(job)));
                    }
                    Err(error) => {
                        outages += 1;
                        pause = (POLL * outages).min(OUTAGE_POLL);
                        report("the job runner could not claim jobs", &error);
                    }
                }
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                // Full: nothing to look for before one is done. Else: another look after a pause.
                Some(done) = working.next(), if !working.is_empty() => {
                    if let Err(error) = done {
                        report("a job's end could not be written down", &error);
                    }
                }
                () = tokio::time::sleep(pause::jittered(pause, &self.ids)),
                    if working.len() < AT_ONCE => {}
            }
        }
        while let Some(done) = working.next().await {
            if let Err(error) = done {
                report("a job's end could not be written down", &error);
            }
        }
    }

    #[tracing::instrument(level = "debug", name = "db.outbox.claim_jobs", skip_all)]
    async fn claim(&self, limit: usize) -> DbResult<Vec<Job>> {
        let now = self.clock.now();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut conn = self.db.acquire().await?;
        jobs::claim(&mut conn, now, later(now, self.time_limit + GRACE), &self.kinds, limit).await
    }

    /// One attempt, and its end written down.
    #[tracing::instrument(name = "outbox.job", skip_all,
        fields(job.id = %job.id, job.kind = job.kind, job.attempt = job.attempt))]
    async fn attempt(&self, job: Job) -> DbResult<()> {
        let result = self.work(&job).await;
        let now = self.clock.now();
        let (id, kind) = (job.id, &job.kind);
        match result {
            Ok(()) => self.record(&job, &Ending::Done { at: now }).await,
            Err(JobError::Retry(error)) if job.attempt < self.attempts(&job) => {
                tracing::warn!(error, "job {id} ({kind}) failed and will be tried again");
                let at = later(now, pause::after_failures(job.attempt, &self.ids));
                self.record(&job, &Ending::Again { at, error: &keep(&error) }).await
            }
            Err(JobError::Retry(error) | JobError::Fail(error)) => {
                tracing::error!(error, "job {id} ({kind}) failed for the last time");
                self.record(&job, &Ending::Dead { error: &keep(&error) }).await
            }
        }
    }

    /// How often a job of this kind is tried.
    fn attempts(&self, job: &Job) -> u16 {
        self.handlers.get(job.kind.as_str()).map_or(JOB_ATTEMPTS, |handler| handler.attempts())
    }

    /// The handler, within its time limit; its panics are failures like others.
    async fn work(&self, job: &Job) -> Result<(), JobError> {
        if job.attempt > self.attempts(job) {
            let message = "every attempt ended without a word: it may kill the program";
            return Err(JobError::fail(message));
        }
        let Some(handler) = self.handlers.get(job.kind.as_str()) else {
            return Err(JobError::fail("nobody here does such jobs"));
        };
        let running = AssertUnwindSafe(handler.run(job)).catch_unwind();
        match tokio::time::timeout(self.time_limit, running).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(JobError::retry("the handler panicked")),
            Err(_elapsed) => {
                Err(JobError::retry(format!("took longer than {:?}", self.time_limit)))
            }
        }
    }

    /// Writes down how it went. Worth some patience: what is not written down is done again.
    async fn record(&self, job: &Job, ending: &Ending<'_>) -> DbResult<()> {
        let mut tries = 1;
        loop {
            let recorded = async {
                let mut conn = self.db.acquire().await?;
                jobs::end(&mut conn, job, ending).await
            };
            match recorded.await {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    tracing::warn!("the lease ran out meanwhile: somebody else does the job");
                    return Ok(());
                }
                Err(error) if error.is_transient() && tries < RECORD_TRIES => {
                    tokio::time::sleep(pause::jittered(POLL * tries, &self.ids)).await;
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn report(what: &'static str, error: &pg::DbError) {
    tracing::warn!(error = error as &dyn std::error::Error, "{what}");
}
