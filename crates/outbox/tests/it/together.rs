//! Events are handed over several at a time; one that fails does not cost the others their place.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use outbox::{BoxFuture, Event, HandleError, Interest, Subscriber, Wants};
use pg::DbResult;
use serde_json::json;

use crate::{Bench, Fate, HAPPENED, drain, on_shard, record};

/// Remembers how many events came at a time.
#[derive(Default)]
struct Counter(Mutex<Vec<usize>>);

impl Subscriber for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn wants(&self) -> Wants {
        Wants::Everything
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            self.0.lock().unwrap().push(1);
            record(conn, event).await?;
            let fails = event.data["fails"].as_u64().unwrap_or(0);
            if u64::from(event.attempts) < fails {
                Err(HandleError::new("as told"))
            } else {
                Ok(())
            }
        })
    }

    fn handle_all<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        events: &'a [&'a Event],
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            self.0.lock().unwrap().push(events.len());
            for event in events {
                record(conn, event).await?;
                if event.data["fails"].as_u64().unwrap_or(0) > u64::from(event.attempts) {
                    return Err(HandleError::new("as told"));
                }
            }
            Ok(())
        })
    }
}

#[tokio::test]
async fn what_can_be_handed_over_together_is() {
    let bench = Bench::new().await;
    let events: Vec<_> = (0..100).map(|n| bench.good(bench.subject(), n)).collect();
    bench.append(&events).await;
    let counter = Arc::new(Counter::default());
    let relay = bench.relay_for(vec![Arc::clone(&counter) as _]);
    assert_eq!(drain(&relay).await, 100);
    assert_eq!(*counter.0.lock().unwrap(), [40, 40, 20]);
    let done: Vec<i64> = bench.effects().await.into_iter().map(|(_, n)| n).collect();
    assert_eq!(done, (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_that_fails_is_found_and_the_others_are_done_once() {
    let bench = Bench::new().await;
    let (sick, others) = (bench.subject(), bench.subject());
    let mut events: Vec<_> = (0..10).map(|n| bench.good(others, n)).collect();
    events.push(bench.event(sick, 10, Fate::Fails(1)));
    events.push(bench.good(sick, 11));
    events.extend((12..20).map(|n| bench.good(others, n)));
    bench.append(&events).await;
    let counter = Arc::new(Counter::default());
    let relay = bench.relay_for(vec![Arc::clone(&counter) as _]);
    assert_eq!(drain(&relay).await, 19, "one of the sick subject's waits");
    let alone = counter.0.lock().unwrap().clone();
    assert_eq!((alone[0], alone.len()), (20, 20), "all together, then one by one");
    assert_eq!(bench.effects_of(others).await, (0..10).chain(12..20).collect::<Vec<_>>());
    assert!(bench.effects_of(sick).await.is_empty(), "what was tried together is undone");
    bench.advance_secs(2);
    assert_eq!(drain(&relay).await, 2);
    assert_eq!(bench.effects_of(sick).await, [10, 11]);
}

/// Wants events only while a switch in the database is on.
struct Fickle(AtomicBool);

impl Subscriber for Fickle {
    fn name(&self) -> &'static str {
        "fickle"
    }

    fn wants(&self) -> Wants {
        Wants::Everything
    }

    fn interest<'a>(&'a self, _: &'a mut pg::Connection) -> BoxFuture<'a, DbResult<Interest>> {
        let on = self.0.load(Ordering::SeqCst);
        let interest = if on { Interest::of([HAPPENED]) } else { Interest::default() };
        Box::pin(async move { Ok(interest) })
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move { Ok(record(conn, event).await?) })
    }
}

#[tokio::test]
async fn an_interest_counts_from_the_round_in_which_it_is_there() {
    let bench = Bench::new().await;
    let subject = bench.subject();
    let fickle = Arc::new(Fickle(AtomicBool::new(false)));
    let relay = bench.relay_for(vec![Arc::clone(&fickle) as _]);
    bench.append(&[bench.good(subject, 0)]).await;
    assert_eq!(drain(&relay).await, 0, "nobody wants it");
    fickle.0.store(true, Ordering::SeqCst);
    bench.append(&[bench.good(subject, 1)]).await;
    bench.append(&[bench.of_kind("thing.ignored", subject, &json!({"n": 9}))]).await;
    assert_eq!(drain(&relay).await, 1);
    fickle.0.store(false, Ordering::SeqCst);
    bench.append(&[bench.good(subject, 2)]).await;
    assert_eq!(drain(&relay).await, 0);
    assert_eq!(bench.effects_of(subject).await, [1]);
    assert_eq!(bench.depth().await.events, 0);
}

/// Takes its time about each.
struct Slow(AtomicUsize);

impl Subscriber for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn wants(&self) -> Wants {
        Wants::Kinds(&[HAPPENED])
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            self.0.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(400)).await;
            if event.data["n"] == 3 && event.attempts == 0 {
                return Err(HandleError::new("and for nothing"));
            }
            Ok(record(conn, event).await?)
        })
    }
}

/// Several at a time take longer than a round may, and fail: each round gets on all the same, and
/// the next ones do not try that again.
#[tokio::test]
async fn who_is_slow_gets_on() {
    let bench = Bench::new().await;
    let events: Vec<_> = (0..5).map(|n| bench.good(on_shard(1, bench.subject()), n)).collect();
    bench.append(&events).await;
    let slow = Arc::new(Slow(AtomicUsize::new(0)));
    let relay = bench.relay_for(vec![Arc::clone(&slow) as _]);
    assert_eq!(relay.drain_batch().await.unwrap(), 1, "four together, then the first one alone");
    assert_eq!(slow.0.load(Ordering::SeqCst), 5);
    bench.advance_secs(2);
    drain(&relay).await;
    bench.advance_secs(2);
    drain(&relay).await;
    let mut done: Vec<i64> = bench.effects().await.into_iter().map(|(_, n)| n).collect();
    done.sort_unstable();
    assert_eq!(done, [0, 1, 2, 3, 4]);
    assert_eq!(slow.0.load(Ordering::SeqCst), 5 + 4 + 1, "nobody was asked more often than needed");
}
