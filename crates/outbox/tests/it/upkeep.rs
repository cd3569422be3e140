use kernel::{Clock as _, id::JobId};
use outbox::{NewJob, forget::Walk};
use serde_json::json;

use crate::{Bench, Fate, drain, forget, on_shard};

#[tokio::test]
async fn only_what_is_done_and_old_is_forgotten() {
    let bench = Bench::new().await;
    let old: Vec<_> = (0..5).map(|n| bench.good(bench.subject(), n)).collect();
    bench.append(&old).await;
    drain(&bench.relay()).await;
    bench.advance_secs(100);
    let start = bench.test.clock().now();
    bench.append(&[bench.good(bench.subject(), 9)]).await;
    drain(&bench.relay()).await;
    bench.append(&[bench.event(bench.subject(), 10, Fate::Fails(99))]).await;

    let mut conn = bench.test.db().acquire().await.unwrap();
    assert_eq!(forget(&mut conn, start, 3).await, 5);
    assert_eq!(forget(&mut conn, start, 3).await, 0);
    bench.advance_secs(100);
    let now = bench.test.clock().now();
    assert_eq!(forget(&mut conn, now, 9).await, 1);
    assert_eq!(bench.depth().await.events, 1, "what is pending stays");
    // What failed waits in a place of its own, with all it needs.
    drain(&bench.relay()).await;
    assert_eq!(forget(&mut conn, now, 9).await, 1);
    assert_eq!(bench.ask("SELECT count(*)::text FROM outbox.events").await, "0");
    assert_eq!(bench.depth().await.events, 1);
    assert_eq!(outbox::forget_finished(&mut conn, now, 9).await.unwrap(), 0);
}

#[tokio::test]
async fn depth_counts_what_waits_and_for_how_long() {
    let bench = Bench::new().await;
    let empty = bench.depth().await;
    let now = bench.test.clock().now();
    assert_eq!((empty.events, empty.jobs, empty.dead()), (0, 0, 0));
    assert_eq!(empty.oldest_age(now), jiff::SignedDuration::ZERO);

    bench.append(&[bench.good(bench.subject(), 0)]).await;
    let job = NewJob {
        id: bench.test.ids().next::<JobId>(&*bench.test.clock()),
        kind: "later",
        payload: json!({}),
        event_id: None,
        run_at: now + jiff::SignedDuration::from_secs(500),
    };
    let mut conn = bench.test.db().acquire().await.unwrap();
    outbox::enqueue(&mut conn, &[job]).await.unwrap();
    bench.advance_secs(90);
    let depth = bench.depth().await;
    assert_eq!((depth.events, depth.jobs), (1, 1));
    assert_eq!(depth.oldest_age(bench.test.clock().now()).as_secs(), 90);
}

/// One lane with far more than a step reads: each step takes up where the last one ended, reads no
/// more than it may, and the walk leaves the lane at the first step without anything old.
#[tokio::test]
async fn a_walk_goes_on_where_it_ended() {
    let bench = Bench::new().await;
    let lane = |n| bench.good(on_shard(7, bench.subject()), n);
    for n in 0..25 {
        bench.append(&[lane(n)]).await;
    }
    bench.advance_secs(10);
    let between = bench.test.clock().now();
    for n in 25..40 {
        bench.append(&[lane(n)]).await;
    }
    drain(&bench.relay()).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let (mut walk, mut steps) = (Some(Walk::default()), Vec::new());
    while let Some(here) = walk {
        let step = outbox::forget_published(&mut conn, between, here, 10).await.unwrap();
        steps.push(step.forgotten);
        walk = step.rest;
    }
    // Seven lanes before it; then 10, 10, 5 and what is young; one step that finds nothing old ends it.
    assert_eq!(steps[..7], [0; 7]);
    assert_eq!(steps[7..11], [10, 10, 5, 0]);
    assert_eq!(steps.len(), 64 + 3);
    assert_eq!(bench.ask("SELECT count(*)::text FROM outbox.events").await, "15");
}
