//! What is done again and again, by one node at a time: put together, and shown.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use jiff::SignedDuration;
use kernel::SharedClock;
use outbox::schedule::{self, Recurring, Scheduled, Scheduler};
use pg::Db;
use telemetry::{Metrics, prometheus::IntGaugeVec};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    audit::Audit,
    housekeeping::{Housekeeping, Kept},
    pictures::AbandonedPictures,
};
use crate::{compose::Base, config::Config, supervise::worker};

/// Starts the scheduler with all jobs.
pub fn spawn(tasks: &TaskTracker, stop: &CancellationToken, config: &Config, base: &Base) {
    let Base { db, clock, ids, .. } = base.clone();
    let jobs = jobs(config, base);
    let scheduler = Arc::new(Scheduler::new(db, clock, ids, node(), jobs));
    worker::spawn(tasks, stop, "scheduler", move |stop| {
        let scheduler = Arc::clone(&scheduler);
        async move { scheduler.run(stop).await }
    });
}

/// Every recurring job. Another one is one more line.
fn jobs(config: &Config, base: &Base) -> Vec<Arc<dyn Recurring>> {
    let Base { db, clock, objects, .. } = base.clone();
    let days = |days: u16| SignedDuration::from_hours(24 * i64::from(days));
    let kept = Kept { closed: days(config.archive_days), webhooks: days(config.webhook_log_days) };
    let housekeeping = Housekeeping { db: db.clone(), clock: clock.clone(), kept };
    let pictures = AbandonedPictures { db: db.clone(), clock, objects };
    let mut jobs: Vec<Arc<dyn Recurring>> = vec![Arc::new(housekeeping), Arc::new(pictures)];
    if config.audit_hours > 0 {
        let every = Duration::from_hours(config.audit_hours.into());
        jobs.push(Arc::new(Audit { db, every }));
    }
    jobs
}

/// Which node this is, for people: its name and the process.
fn node() -> String {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    format!("{}/{}", host.as_deref().unwrap_or("?"), std::process::id())
}

/// What metrics say about recurring jobs: the same on every node, whichever did them.
#[derive(Clone, Debug)]
pub struct JobGauges {
    failures: IntGaugeVec,
    overdue: IntGaugeVec,
}

impl JobGauges {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Result<Self> {
        Ok(Self {
            failures: metrics.gauges(
                "oxcart_scheduled_failures",
                "Turns of a recurring job that did not end well since the last one that did",
                &["job"],
            )?,
            overdue: metrics.gauges(
                "oxcart_scheduled_overdue_seconds",
                "How long a recurring job should have been begun already",
                &["job"],
            )?,
        })
    }

    /// Reads and shows them.
    pub async fn look(&self, db: &Db, clock: &SharedClock) -> pg::DbResult<()> {
        let jobs = schedule::scheduled(&mut *db.acquire().await?).await?;
        for job in jobs {
            self.show(&job, clock);
        }
        Ok(())
    }

    fn show(&self, job: &Scheduled, clock: &SharedClock) {
        let late = match &job.running {
            Some(_) => 0,
            None => clock.now().duration_since(job.next_run_at).as_secs().max(0),
        };
        self.failures.with_label_values(&[&job.name]).set(job.failures.into());
        self.overdue.with_label_values(&[&job.name]).set(late);
    }
}

#[cfg(test)]
mod tests {
    use testkit::TestDb;

    use super::*;

    fn base(db: &Db, clock: SharedClock, folder: &tempfile::TempDir) -> Base {
        Base {
            db: db.clone(),
            clock,
            dev_clock: None,
            ids: kernel::Ids::from_seed(1),
            objects: ports::ObjectStore::directory(folder.path()).unwrap(),
            database_url: "".into(),
        }
    }

    #[tokio::test]
    async fn the_jobs_are_known_and_their_state_is_shown() {
        let test = TestDb::new().await;
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(&Config::default(), &base(test.db(), test.shared_clock(), &folder));
        let names: Vec<_> = jobs.iter().map(|it| it.name()).collect();
        assert_eq!(names, ["housekeeping", "abandoned-pictures", "audit"]);
        let scheduler = Scheduler::new(
            test.db().clone(),
            test.shared_clock(),
            test.ids().clone(),
            node(),
            jobs,
        );
        scheduler.register().await.unwrap();
        test.clock().advance(SignedDuration::from_secs(3600 + 7));
        let (metrics, stop) = (Metrics::new(), CancellationToken::new());
        let gauges = JobGauges::new(&metrics).unwrap();
        let shown = async |line: &str| {
            gauges.look(test.db(), &test.shared_clock()).await.unwrap();
            let page = metrics.encode().unwrap();
            assert!(page.lines().any(|it| it == line), "{line} is not in\n{page}");
        };
        shown("oxcart_scheduled_overdue_seconds{job=\"audit\"} 7").await;
        assert_eq!(scheduler.run_due(&stop).await.unwrap(), 3);
        shown("oxcart_scheduled_overdue_seconds{job=\"audit\"} 0").await;
        shown("oxcart_scheduled_failures{job=\"housekeeping\"} 0").await;
    }

    #[tokio::test]
    async fn an_audit_can_be_left_out() {
        let config = Config { audit_hours: 0, ..Config::default() };
        let db = Db::open(&pg::DbOptions::app("postgres://nowhere/none")).unwrap();
        let clock: SharedClock = Arc::new(kernel::SystemClock);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(jobs(&config, &base(&db, clock, &folder)).len(), 2);
    }
}
