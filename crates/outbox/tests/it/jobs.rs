use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::{
    Clock as _,
    id::{EventId, JobId},
};
use outbox::{BoxFuture, Job, JobError, JobHandler, JobRunner, NewJob};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::Bench;

/// Does what the payload says, and remembers which attempts it saw.
#[derive(Default)]
pub struct Worker {
    attempts: Mutex<Vec<u16>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Worker {
    fn attempts(&self) -> Vec<u16> {
        self.attempts.lock().unwrap().clone()
    }
}

impl JobHandler for Worker {
    fn kind(&self) -> &'static str {
        "work"
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            self.attempts.lock().unwrap().push(job.attempt);
            let millis = job.payload["millis"].as_u64().unwrap_or(0);
            self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(millis)).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            match job.payload["do"].as_str() {
                Some("panic") => panic!("as told"),
                Some("fail") => Err(JobError::fail("never")),
                Some("retry") => Err(JobError::retry("not now")),
                Some("retry once") if job.attempt == 1 => Err(JobError::retry("not now")),
                _ => Ok(()),
            }
        })
    }
}

impl Bench {
    pub fn runner(&self, worker: &Arc<Worker>) -> JobRunner {
        let handler: Arc<dyn JobHandler> = Arc::clone(worker) as _;
        let (db, clock) = (self.test.db().clone(), self.test.shared_clock());
        JobRunner::new(db, clock, self.test.ids().clone(), vec![handler])
    }

    pub fn job(&self, payload: Value) -> NewJob {
        let clock = self.test.clock();
        NewJob {
            id: self.test.ids().next::<JobId>(&*clock),
            kind: "work",
            payload,
            event_id: None,
            run_at: clock.now(),
        }
    }

    async fn enqueue(&self, jobs: &[NewJob]) {
        let mut tx = self.test.db().begin().await.unwrap();
        outbox::enqueue(&mut tx, jobs).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn of_one_event_there_is_one_job_of_a_kind() {
    let bench = Bench::new().await;
    let event_id = Some(bench.test.ids().next::<EventId>(&*bench.test.clock()));
    let of_event = |kind| NewJob { event_id, kind, ..bench.job(json!({})) };
    bench.enqueue(&[of_event("work"), of_event("work"), of_event("other")]).await;
    bench.enqueue(&[of_event("work"), bench.job(json!({})), bench.job(json!({}))]).await;
    bench.enqueue(&[]).await;
    assert_eq!(bench.depth().await.jobs, 4);

    let worker = Arc::default();
    let runner = bench.runner(&worker);
    assert_eq!(runner.run_due().await.unwrap(), 3);
    assert_eq!(runner.run_due().await.unwrap(), 0);
    assert_eq!(worker.attempts(), [1, 1, 1]);
    assert_eq!(bench.depth().await.jobs, 1, "of a kind nobody here does");
}

#[tokio::test]
async fn a_job_waits_for_its_time_and_for_the_pause_after_a_failure() {
    let bench = Bench::new().await;
    let job = bench.job(json!({"do": "retry once"}));
    let run_at = job.run_at + jiff::SignedDuration::from_secs(60);
    bench.enqueue(&[NewJob { run_at, ..job }]).await;
    let worker = Arc::default();
    let runner = bench.runner(&worker);

    assert_eq!(runner.run_due().await.unwrap(), 0);
    bench.advance_secs(60);
    assert_eq!(runner.run_due().await.unwrap(), 1);
    assert_eq!(runner.run_due().await.unwrap(), 0);
    bench.advance_secs(1);
    assert_eq!(runner.run_due().await.unwrap(), 1);
    assert_eq!(worker.attempts(), [1, 2]);
    assert_eq!(bench.depth().await.jobs, 0);
}

#[tokio::test]
async fn a_job_dies_at_once_or_after_ten_attempts_and_can_be_replayed() {
    for (what, attempts) in [("fail", 1), ("retry", 10), ("panic", 10)] {
        let bench = Bench::new().await;
        let job = bench.job(json!({"do": what}));
        let id = job.id;
        bench.enqueue(&[job]).await;
        let worker = Arc::default();
        let runner = bench.runner(&worker);
        for _ in 0..20 {
            runner.run_due().await.unwrap();
            bench.advance_secs(600);
        }
        assert_eq!(worker.attempts(), (1..=attempts).collect::<Vec<_>>(), "{what}");

        let mut conn = bench.test.db().acquire().await.unwrap();
        let dead = outbox::dead_jobs(&mut conn, 10).await.unwrap();
        assert_eq!(
            dead.iter().map(|it| (it.id, it.attempts)).collect::<Vec<_>>(),
            [(id, attempts)]
        );
        assert!(!dead[0].last_error.is_empty());
        let now = bench.test.clock().now();
        assert!(outbox::replay_job(&mut conn, id, now).await.unwrap());
        assert!(!outbox::replay_job(&mut conn, id, now).await.unwrap());
        assert_eq!(runner.run_due().await.unwrap(), 1);
        assert_eq!(worker.attempts().last(), Some(&1), "with all its attempts");
    }
}

/// Claims what is due and dies while it is at it.
async fn crash(runner: &JobRunner) {
    tokio::time::timeout(Duration::from_millis(300), runner.run_due()).await.unwrap_err();
}

#[tokio::test]
async fn a_job_is_taken_over_when_its_runner_died() {
    let bench = Bench::new().await;
    let hanging = bench.job(json!({"millis": 60_000}));
    bench.enqueue(&[hanging]).await;
    let worker = Arc::default();
    crash(&bench.runner(&worker)).await;

    let other = bench.runner(&worker).with_time_limit(Duration::from_millis(20));
    assert_eq!(other.run_due().await.unwrap(), 0, "the lease still holds");
    bench.advance_secs(61);
    assert_eq!(other.run_due().await.unwrap(), 1);
    assert_eq!(worker.attempts(), [1, 2]);
    let depth = bench.depth().await;
    assert_eq!((depth.jobs, depth.dead_jobs), (1, 0), "cut off at its time limit, to be retried");
}

#[tokio::test]
async fn a_job_that_kills_every_runner_dies_without_being_run_again() {
    let bench = Bench::new().await;
    bench.enqueue(&[bench.job(json!({"millis": 60_000}))]).await;
    let worker = Arc::default();
    for _ in 0..10 {
        crash(&bench.runner(&worker)).await;
        bench.advance_secs(61);
    }
    assert_eq!(bench.runner(&worker).run_due().await.unwrap(), 1);
    assert_eq!(worker.attempts(), (1..=10).collect::<Vec<_>>());
    assert_eq!(bench.depth().await.dead_jobs, 1);
}

#[tokio::test]
async fn whoever_lost_the_lease_does_not_write_the_end() {
    let bench = Bench::new().await;
    bench.enqueue(&[bench.job(json!({"millis": 400, "do": "fail"}))]).await;
    let (slow, quick) = (Arc::default(), Arc::default());
    let late = bench.runner(&slow);
    let takeover = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        bench.advance_secs(61);
        // The second attempt is cut off, to be tried again: the first one's "never" is too late.
        let other = bench.runner(&quick).with_time_limit(Duration::from_millis(20));
        assert_eq!(other.run_due().await.unwrap(), 1);
    };
    let (first, ()) = tokio::join!(late.run_due(), takeover);
    assert_eq!(first.unwrap(), 1);
    assert_eq!((slow.attempts(), quick.attempts()), (vec![1], vec![2]));
    let depth = bench.depth().await;
    assert_eq!((depth.jobs, depth.dead_jobs), (1, 0));
}

#[tokio::test]
async fn a_runner_does_a_bounded_number_at_once_and_finishes_what_it_began() {
    let bench = Bench::new().await;
    let jobs: Vec<_> = (0..40).map(|_| bench.job(json!({"millis": 30}))).collect();
    bench.enqueue(&jobs).await;
    let worker = Arc::default();
    let runner = bench.runner(&worker);
    let cancel = CancellationToken::new();
    let story = async {
        while bench.depth().await.jobs > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // One more, cancelled while it is at it.
        bench.enqueue(&[bench.job(json!({"millis": 300}))]).await;
        while worker.attempts().len() < 41 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        cancel.cancel();
    };
    let both = async { tokio::join!(runner.run(cancel.clone()), story) };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("it works and stops");
    assert_eq!(worker.attempts(), vec![1; 41]);
    assert_eq!(worker.most.load(Ordering::SeqCst), 8);
    assert_eq!(bench.depth().await.jobs, 0);
}
