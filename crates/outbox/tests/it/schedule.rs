use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::Clock as _;
use outbox::{
    BoxFuture, HandleError,
    schedule::{Recurring, Scheduled, Scheduler, Turn, TurnOutcome, run_soon, scheduled},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::Bench;

/// Does what it is told, and remembers its turns.
#[derive(Default)]
struct Chore {
    tokens: Mutex<Vec<i64>>,
    fails: AtomicUsize,
    /// Waits until it is told to go on, or that its turn is over.
    hangs: Option<Arc<Notify>>,
    begun: Notify,
    /// What holding its turn came to, at its end.
    held: Mutex<Vec<bool>>,
    db: Option<pg::Db>,
}

impl Chore {
    fn tokens(&self) -> Vec<i64> {
        self.tokens.lock().unwrap().clone()
    }
}

impl Recurring for Chore {
    fn name(&self) -> &'static str {
        "chore"
    }

    fn every(&self) -> Duration {
        Duration::from_hours(1)
    }

    fn run<'a>(&'a self, turn: &'a Turn) -> BoxFuture<'a, Result<String, HandleError>> {
        Box::pin(async move {
            self.tokens.lock().unwrap().push(turn.token());
            self.begun.notify_one();
            if let Some(hangs) = &self.hangs {
                tokio::select! {
                    () = hangs.notified() => {}
                    () = turn.over().cancelled() => {}
                }
            }
            if let Some(db) = &self.db {
                let mut tx = db.begin().await?;
                let held = turn.hold(&mut tx).await.is_ok();
                self.held.lock().unwrap().push(held);
                tx.rollback().await?;
            }
            let left = self.fails.load(Ordering::SeqCst);
            if left > 0 {
                self.fails.store(left - 1, Ordering::SeqCst);
                return Err(HandleError::new("no broom"));
            }
            Ok("swept".to_owned())
        })
    }
}

impl Bench {
    fn scheduler(&self, node: &str, chore: &Arc<Chore>) -> Scheduler {
        let (db, clock) = (self.test.db().clone(), self.test.shared_clock());
        let jobs: Vec<Arc<dyn Recurring>> = vec![Arc::clone(chore) as _];
        Scheduler::new(db, clock, self.test.ids().clone(), node.to_owned(), jobs)
    }

    async fn row(&self) -> Scheduled {
        let mut conn = self.test.db().acquire().await.unwrap();
        scheduled(&mut conn).await.unwrap().remove(0)
    }
}

#[tokio::test]
async fn a_job_runs_once_a_period_on_any_number_of_nodes() {
    let bench = Bench::new().await;
    let (chore, stop) = (Arc::new(Chore::default()), CancellationToken::new());
    let nodes = [bench.scheduler("a", &chore), bench.scheduler("b", &chore)];
    for node in &nodes {
        node.register().await.unwrap();
    }
    let both = async || {
        let (a, b) = tokio::join!(nodes[0].run_due(&stop), nodes[1].run_due(&stop));
        a.unwrap() + b.unwrap()
    };
    assert_eq!(both().await, 0, "not due yet");
    bench.advance_secs(3600);
    assert_eq!(both().await, 1);
    assert_eq!(both().await, 0);
    let began = bench.test.clock().now();
    let row = bench.row().await;
    assert_eq!(
        (row.outcome, row.message.as_deref()),
        (Some(TurnOutcome::Succeeded), Some("swept"))
    );
    assert_eq!((row.succeeded_at, row.failures, row.running), (Some(began), 0, None));
    assert_eq!(row.next_run_at, began + jiff::SignedDuration::from_hours(1));
    bench.advance_secs(3600);
    assert_eq!(both().await, 1);
    assert_eq!(chore.tokens(), [1, 2]);
    // A start anew changes nothing about when it is due.
    nodes[0].register().await.unwrap();
    assert_eq!(both().await, 0);
}

#[tokio::test]
async fn a_failure_is_told_and_tried_again_sooner() {
    let bench = Bench::new().await;
    let chore = Arc::new(Chore { fails: AtomicUsize::new(2), ..Chore::default() });
    let (node, stop) = (bench.scheduler("a", &chore), CancellationToken::new());
    node.register().await.unwrap();
    bench.advance_secs(3600);
    assert_eq!(node.run_due(&stop).await.unwrap(), 1);
    let row = bench.row().await;
    assert_eq!((row.outcome, row.failures), (Some(TurnOutcome::Failed), 1));
    assert_eq!((row.message.as_deref(), row.succeeded_at), (Some("no broom"), None));
    assert_eq!(node.run_due(&stop).await.unwrap(), 0, "after a pause");
    bench.advance_secs(30);
    assert_eq!(node.run_due(&stop).await.unwrap(), 1);
    assert_eq!(bench.row().await.failures, 2);
    bench.advance_secs(60);
    assert_eq!(node.run_due(&stop).await.unwrap(), 1);
    let row = bench.row().await;
    assert_eq!((row.outcome, row.failures), (Some(TurnOutcome::Succeeded), 0));
}

#[tokio::test]
async fn it_can_be_made_due_now() {
    let bench = Bench::new().await;
    let (chore, stop) = (Arc::new(Chore::default()), CancellationToken::new());
    let node = bench.scheduler("a", &chore);
    node.register().await.unwrap();
    let mut conn = bench.test.db().acquire().await.unwrap();
    let now = bench.test.clock().now();
    assert_eq!(run_soon(&mut conn, "nobody", now).await.unwrap(), None);
    assert_eq!(run_soon(&mut conn, "chore", now).await.unwrap().unwrap().next_run_at, now);
    assert_eq!(node.run_due(&stop).await.unwrap(), 1);
    assert_eq!(run_soon(&mut conn, "chore", now).await.unwrap().unwrap().turns, 1);
}

/// A node hangs in the middle of its turn. Another takes over when the lease has run out; when the
/// first one comes back it is refused, in the database.
#[tokio::test]
async fn who_comes_back_too_late_is_refused() {
    let bench = Bench::new().await;
    let go_on = Arc::new(Notify::new());
    let chore =
        |hangs| Arc::new(Chore { hangs, db: Some(bench.test.db().clone()), ..Chore::default() });
    let (slow, quick) = (chore(Some(Arc::clone(&go_on))), chore(None));
    let stop = CancellationToken::new();
    let (hanging, other) = (bench.scheduler("hanging", &slow), bench.scheduler("other", &quick));
    hanging.register().await.unwrap();
    bench.advance_secs(3600);
    let story = async {
        slow.begun.notified().await;
        assert_eq!(other.run_due(&stop).await.unwrap(), 0, "it is at it");
        assert_eq!(bench.row().await.running.unwrap().0, "hanging");
        bench.advance_secs(60);
        assert_eq!(other.run_due(&stop).await.unwrap(), 1);
        go_on.notify_one();
    };
    let (late, ()) = tokio::join!(hanging.run_due(&stop), story);
    assert_eq!(late.unwrap(), 1);
    assert_eq!((slow.tokens(), quick.tokens()), (vec![1], vec![2]));
    assert_eq!(*slow.held.lock().unwrap(), [false]);
    assert_eq!(*quick.held.lock().unwrap(), [true]);
    let row = bench.row().await;
    assert_eq!((row.turns, row.outcome), (2, Some(TurnOutcome::Succeeded)));
}

/// As above, but the hanging node finds out by itself, and lets go.
#[tokio::test]
async fn who_loses_the_turn_is_told() {
    let bench = Bench::new().await;
    let never = Arc::new(Notify::new());
    let slow = Arc::new(Chore { hangs: Some(never), ..Chore::default() });
    let (quick, stop) = (Arc::new(Chore::default()), CancellationToken::new());
    let hanging = bench.scheduler("hanging", &slow).renewing_every(Duration::from_millis(200));
    let other = bench.scheduler("other", &quick);
    hanging.register().await.unwrap();
    bench.advance_secs(3600);
    let story = async {
        slow.begun.notified().await;
        bench.advance_secs(60);
        while other.run_due(&stop).await.unwrap() == 0 {
            // It was renewed at this very moment.
            bench.advance_secs(60);
        }
    };
    let both = async { tokio::join!(hanging.run_due(&stop), story) };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("it lets go").0.unwrap();
    assert_eq!(quick.tokens(), [2]);
    assert_eq!(bench.row().await.outcome, Some(TurnOutcome::Succeeded), "of the other one");
}

#[tokio::test]
async fn who_holds_a_turn_keeps_it_until_the_end_of_the_transaction() {
    let bench = Bench::new().await;
    let go_on = Arc::new(Notify::new());
    let slow = Arc::new(Chore { hangs: Some(Arc::clone(&go_on)), ..Chore::default() });
    let (quick, stop) = (Arc::new(Chore::default()), CancellationToken::new());
    let (holder, other) = (bench.scheduler("holder", &slow), bench.scheduler("other", &quick));
    holder.register().await.unwrap();
    bench.advance_secs(3600);
    let story = async {
        slow.begun.notified().await;
        let mut tx = bench.test.db().begin().await.unwrap();
        let held = "SELECT FROM outbox.schedule WHERE token = 1 FOR SHARE";
        sqlx::query(held).execute(&mut *tx).await.unwrap();
        bench.advance_secs(60);
        assert_eq!(other.run_due(&stop).await.unwrap(), 0, "passed by");
        tx.commit().await.unwrap();
        assert_eq!(other.run_due(&stop).await.unwrap(), 1);
        go_on.notify_one();
    };
    let (late, ()) = tokio::join!(holder.run_due(&stop), story);
    late.unwrap();
}

#[tokio::test]
async fn a_node_that_dies_is_followed_by_another_and_the_row_says_so() {
    let bench = Bench::new().await;
    let never = Some(Arc::new(Notify::new()));
    let doomed = Arc::new(Chore { hangs: never, fails: AtomicUsize::new(0), ..Chore::default() });
    let (quick, stop) = (Arc::new(Chore::default()), CancellationToken::new());
    bench.scheduler("doomed", &doomed).register().await.unwrap();
    bench.advance_secs(3600);
    let node = bench.scheduler("doomed", &doomed);
    tokio::time::timeout(Duration::from_millis(300), node.run_due(&stop)).await.unwrap_err();
    let other = bench.scheduler("other", &quick);
    assert_eq!(other.run_due(&stop).await.unwrap(), 0, "the lease still holds");
    bench.advance_secs(60);
    quick.fails.store(1, Ordering::SeqCst);
    assert_eq!(other.run_due(&stop).await.unwrap(), 1);
    assert_eq!(bench.row().await.failures, 2, "the death counts, too");
}

#[tokio::test]
async fn a_worker_does_what_is_due_and_gives_its_turn_back_when_it_stops() {
    let bench = Bench::new().await;
    let go_on = Arc::new(Notify::new());
    let chore = Arc::new(Chore { hangs: Some(Arc::clone(&go_on)), ..Chore::default() });
    let (node, stop) = (bench.scheduler("a", &chore), CancellationToken::new());
    node.register().await.unwrap();
    bench.advance_secs(3600);
    let story = async {
        chore.begun.notified().await;
        stop.cancel();
        go_on.notify_one();
    };
    let both = async { tokio::join!(node.run(stop.clone()), story) };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("it stops");
    let row = bench.row().await;
    assert_eq!(
        (row.outcome, row.running),
        (Some(TurnOutcome::Succeeded), None),
        "it was let finish"
    );
}
