//! What a round takes: everything that was committed since the last one, once, whoever committed
//! when.

use std::{sync::Arc, time::Duration};

use outbox::{BoxFuture, Event, HandleError, Subscriber, Wants};
use serde_json::json;
use tokio::time::Instant;

use crate::{Bench, Fate, HAPPENED, Recorder, drain, on_shard};

#[tokio::test]
async fn a_late_commit_of_an_early_position_is_handed_over() {
    let bench = Bench::new().await;
    let (early, late) = (on_shard(1, bench.subject()), on_shard(1, bench.subject()));
    let relay = bench.relay();

    // The same twice: with an older transaction than the one that overtakes it, and with a younger
    // one, whose number is past the end of the snapshot that was taken.
    for turn in 0..2 {
        let mut first = bench.test.db().begin().await.unwrap();
        let mut second = bench.test.db().begin().await.unwrap();
        let number = "SELECT pg_current_xact_id()::text";
        if turn == 0 {
            sqlx::query(number).execute(&mut *first).await.unwrap();
        }
        sqlx::query(number).execute(&mut *second).await.unwrap();
        outbox::append(&mut first, &[bench.good(early, turn)]).await.unwrap();
        outbox::append(&mut second, &[bench.good(late, turn)]).await.unwrap();
        second.commit().await.unwrap();
        assert_eq!(drain(&relay).await, 1);
        assert_eq!(drain(&relay).await, 0, "the other one is not there yet");
        bench.append(&[bench.good(late, turn + 10)]).await;
        assert_eq!(drain(&relay).await, 1);
        first.commit().await.unwrap();
        assert_eq!(drain(&relay).await, 1);
        assert_eq!(drain(&relay).await, 0);
    }
    assert_eq!(bench.effects_of(early).await, [0, 1]);
    assert_eq!(bench.effects_of(late).await, [0, 10, 1, 11]);
}

#[tokio::test]
async fn a_transaction_that_stays_open_delays_nobody_and_loses_nothing() {
    let bench = Bench::new().await;
    let (slow, others) = (on_shard(1, bench.subject()), on_shard(1, bench.subject()));
    let relay = bench.relay();
    let open = bench.appended(&[bench.good(slow, 0)]).await;
    let gone = bench.appended(&[bench.good(slow, 9)]).await;
    for n in 0..30 {
        bench.append(&[bench.good(others, n)]).await;
        assert_eq!(drain(&relay).await, 1);
    }
    gone.rollback().await.unwrap();
    assert_eq!(drain(&relay).await, 0);
    assert_eq!(bench.effects_of(others).await, (0..30).collect::<Vec<_>>());
    assert!(bench.effects_of(slow).await.is_empty());
    open.commit().await.unwrap();
    assert_eq!(drain(&relay).await, 1);
    assert_eq!(bench.effects_of(slow).await, [0]);
    assert_eq!(drain(&relay).await, 0);
}

/// Appends an event about each event it gets.
struct Echo;

impl Subscriber for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn wants(&self) -> Wants {
        Wants::Kinds(&["thing.called"])
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let ids = kernel::Ids::from_seed(event.data["n"].as_u64().unwrap_or(0) + 1000);
            let clock = kernel::ManualClock::at(event.occurred_at);
            let (shard, subject) = (event.shard, event.subject);
            let answer = outbox::NewEvent::new(HAPPENED, shard, subject, &event.data, &clock, &ids);
            Ok(outbox::append(conn, &[answer]).await?)
        })
    }
}

#[tokio::test]
async fn what_a_handler_appends_is_handed_over_once() {
    let bench = Bench::new().await;
    let subject = bench.subject();
    let relay = bench.relay_for(vec![Arc::new(Recorder), Arc::new(Echo)]);
    for n in 0..3 {
        bench.append(&[bench.of_kind("thing.called", subject, &json!({ "n": n }))]).await;
        assert_eq!(drain(&relay).await, 2, "the call and the echo");
    }
    assert_eq!(bench.effects_of(subject).await, [0, 1, 2]);
    assert_eq!(drain(&relay).await, 0);
}

#[tokio::test]
async fn more_than_a_batch_is_put_aside_and_keeps_its_order() {
    let bench = Bench::new().await;
    let subjects: Vec<_> = (0..3).map(|n| on_shard(n, bench.subject())).collect();
    let event = |n: i64| bench.good(subjects[usize::try_from(n % 3).unwrap()], n);
    bench.append(&(0..700).map(event).collect::<Vec<_>>()).await;
    let relay = bench.relay();
    let first = relay.drain_batch().await.unwrap();
    assert!((1..=500).contains(&first), "{first}");
    bench.append(&(700..710).map(event).collect::<Vec<_>>()).await;
    assert_eq!(drain(&relay).await, 710 - first);
    let numbers = bench.effects().await.into_iter().map(|(_, n)| n).collect::<Vec<_>>();
    assert_eq!(numbers, (0..710).collect::<Vec<_>>());
    assert_eq!(bench.ask("SELECT count(*)::text FROM outbox.deferred").await, "0");
}

#[tokio::test]
async fn what_nobody_wants_is_taken_unread() {
    let bench = Bench::new().await;
    let subject = bench.subject();
    let events: Vec<_> =
        (0..2000).map(|n| bench.of_kind("thing.ignored", subject, &json!({ "n": n }))).collect();
    bench.append(&events).await;
    bench.append(&[bench.good(subject, 1)]).await;
    assert_eq!(bench.depth().await.events, 2001);
    assert_eq!(bench.relay().drain_batch().await.unwrap(), 1);
    assert_eq!(bench.depth().await.events, 0);
    assert_eq!(bench.ask("SELECT count(*)::text FROM outbox.deferred").await, "0");
    assert_eq!(bench.ask("SELECT count(*)::text FROM outbox.events").await, "2001");
}

#[tokio::test]
async fn a_round_that_dies_before_its_commit_is_made_again() {
    let bench = Bench::new().await;
    let subject = bench.subject();
    bench.append(&[bench.good(subject, 0), bench.event(subject, 1, Fate::Fails(1))]).await;
    let relay = bench.relay();
    // The commit waits for a lock on the mark, and the round is cut off there: all is handed over.
    let mut blocker = bench.test.owner().begin().await.unwrap();
    sqlx::query("SELECT 1 FROM outbox.lanes FOR UPDATE").fetch_all(&mut *blocker).await.unwrap();
    let cut = tokio::time::timeout(Duration::from_millis(700), relay.drain_batch()).await;
    assert!(cut.is_err(), "it waits");
    blocker.rollback().await.unwrap();
    assert!(bench.effects().await.is_empty());
    let deadline = Instant::now() + Duration::from_secs(20);
    while bench.effects_of(subject).await != [0, 1] {
        assert!(Instant::now() < deadline, "the lane comes free again");
        drain(&relay).await;
        bench.advance_secs(2);
    }
    assert_eq!(bench.depth().await.events, 0);
}

#[tokio::test]
async fn looking_for_nothing_writes_nothing() {
    let bench = Bench::new().await;
    let relay = bench.relay();
    for n in 0..20 {
        bench.append(&[bench.good(on_shard(n, bench.subject()), 0)]).await;
    }
    drain(&relay).await;
    let rows = "SELECT string_agg(concat(ctid, xmin, xmax), ' ' ORDER BY shard) FROM outbox.lanes";
    let before = bench.ask(rows).await;
    // Other tests write to the same server; some moment of twenty seconds is theirs not.
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let log = "SELECT pg_current_wal_insert_lsn()::text";
        let start = bench.ask(log).await;
        for _ in 0..4 {
            assert_eq!(relay.drain_batch().await.unwrap(), 0);
        }
        if bench.ask(log).await == start {
            break;
        }
        assert!(Instant::now() < deadline, "an idle relay writes to the log");
    }
    assert_eq!(bench.ask(rows).await, before, "nor are rows locked");
}

#[tokio::test]
async fn events_cannot_be_rewritten_and_their_numbers_are_not_cached() {
    let bench = Bench::new().await;
    bench.append(&[bench.good(bench.subject(), 0)]).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let refused =
        sqlx::query("UPDATE outbox.events SET data = ''").execute(&mut *conn).await.unwrap_err();
    let code = refused.as_database_error().and_then(|error| error.code().map(Into::into));
    assert_eq!(code, Some("42501".to_owned()));
    let cache = "SELECT seqcache::text FROM pg_sequence
        WHERE seqrelid = 'outbox.events_position_seq'::regclass";
    assert_eq!(bench.ask(cache).await, "1");
    assert_eq!(bench.ask("SELECT count(*)::text FROM outbox.lanes").await, "64");
}

/// In a shop that has just begun there are no statistics yet, and what was taken is all there is.
#[tokio::test]
async fn what_was_taken_is_not_read_again_whatever_the_planner_believes() {
    let bench = Bench::new().await;
    bench
        .execute(&format!(
            "INSERT INTO outbox.events (shard, id, type, subject, data, occurred_at)
             SELECT 1, gen_random_uuid(), '{HAPPENED}', gen_random_uuid(), '{{}}', now()
               FROM generate_series(1, 3000)"
        ))
        .await;
    bench.execute("UPDATE outbox.lanes SET taken = pg_current_snapshot() WHERE shard = 1").await;
    let mut tx = bench.test.owner().begin().await.unwrap();
    sqlx::query("SET LOCAL enable_seqscan = off").execute(&mut *tx).await.unwrap();
    // As a round asks which lanes have something.
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN (COSTS OFF) SELECT l.shard FROM outbox.lanes l WHERE EXISTS (
             SELECT FROM outbox.untaken(l.shard, l.taken, l.floor, pg_current_snapshot()))",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    let is_look = |line: &&String| line.contains("Index Cond:") && line.contains("\"position\"");
    let looks: Vec<&String> = plan.iter().filter(is_look).collect();
    assert_eq!(looks.len(), 2, "{plan:#?}");
    assert!(looks.iter().all(|look| look.contains("(tx ")), "{plan:#?}");
}
