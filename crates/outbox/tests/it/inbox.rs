use kernel::{
    Clock as _,
    id::{EventId, JobId},
};
use outbox::{JobRunner, NewJob, inbox};
use serde_json::json;

use crate::Bench;

fn ids(bench: &Bench, count: usize) -> Vec<EventId> {
    (0..count).map(|_| bench.test.ids().next(&*bench.test.clock())).collect()
}

#[tokio::test]
async fn an_event_is_new_to_each_consumer_once() {
    let bench = Bench::new().await;
    let (events, now) = (ids(&bench, 3), bench.test.clock().now());
    let claim = async |consumer: &str, events: &[EventId], commit: bool| {
        let mut tx = bench.test.db().begin().await.unwrap();
        let mut new = inbox::claim(&mut tx, consumer, events, now).await.unwrap();
        if commit {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
        new.sort_unstable();
        new
    };
    assert_eq!(claim("a", &events[..2], true).await, events[..2]);
    assert_eq!(claim("a", &events, false).await, events[2..], "rolled back: it was not seen");
    assert_eq!(claim("a", &events, true).await, events[2..]);
    assert_eq!(claim("a", &events, true).await, []);
    assert_eq!(claim("b", &events, true).await, events);
    assert_eq!(claim("b", &[], true).await, []);

    // Twice the same in one go is one.
    let more = ids(&bench, 1);
    assert_eq!(claim("a", &[more[0], more[0]], true).await, more);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_at_once_one_has_it() {
    let bench = Bench::new().await;
    let (events, now) = (ids(&bench, 1), bench.test.clock().now());
    let one = async || {
        let mut tx = bench.test.db().begin().await.unwrap();
        let new = inbox::claim(&mut tx, "a", &events, now).await.unwrap();
        tx.commit().await.unwrap();
        new.len()
    };
    let (a, b, c) = tokio::join!(one(), one(), one());
    assert_eq!(a + b + c, 1);
}

/// The job was done and its row forgotten; the event comes again, from a dump or by hand.
#[tokio::test]
async fn of_an_event_there_is_one_job_of_a_kind_also_when_that_was_forgotten() {
    let bench = Bench::new().await;
    let event_id = Some(ids(&bench, 1)[0]);
    let job = |kind| NewJob {
        id: bench.test.ids().next::<JobId>(&*bench.test.clock()),
        kind,
        payload: json!({}),
        event_id,
        run_at: bench.test.clock().now(),
    };
    let mut conn = bench.test.db().acquire().await.unwrap();
    outbox::enqueue(&mut conn, &[job("work")]).await.unwrap();
    let worker = std::sync::Arc::default();
    let runner: JobRunner = bench.runner(&worker);
    assert_eq!(runner.run_due().await.unwrap(), 1);
    bench.advance_secs(100);
    let now = bench.test.clock().now();
    assert_eq!(outbox::forget_finished(&mut conn, now, 9).await.unwrap(), 1);

    outbox::enqueue(&mut conn, &[job("work"), job("other")]).await.unwrap();
    assert_eq!(bench.depth().await.jobs, 1, "only the other one");
    assert_eq!(bench.ask("SELECT string_agg(kind, ' ') FROM outbox.jobs").await, "other");

    // And one day that is forgotten, too.
    assert_eq!(outbox::forget_seen(&mut conn, now, 9).await.unwrap(), 1);
    outbox::enqueue(&mut conn, &[job("work")]).await.unwrap();
    assert_eq!(bench.depth().await.jobs, 2);
}
