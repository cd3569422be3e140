//! Whatever happens in whatever order (transactions that commit or roll back, relays that work side
//! by side or die in the middle, handlers that fail, connections that break), each committed event
//! has its effect exactly once, and in the order of its subject.

use std::{collections::BTreeMap, time::Duration};

use proptest::{prelude::*, test_runner::Config};
use uuid::Uuid;

use crate::{Bench, Fate, drain, on_shard};

#[derive(Clone, Debug)]
enum Step {
    /// A transaction that writes events: subject and how often each fails first.
    Write { events: Vec<(usize, u16)>, commit: bool },
    /// Two relays take a batch at the same time; both die after so many microseconds.
    Relay { die_after: Option<u64> },
    /// Every connection of the relays breaks.
    Break,
    /// Time goes by.
    Wait { seconds: i64 },
}

const SUBJECTS: usize = 4;

fn step() -> impl Strategy<Value = Step> {
    let event = (0..SUBJECTS, prop_oneof![4 => Just(0_u16), 1 => 1..4_u16]);
    prop_oneof![
        4 => (prop::collection::vec(event, 1..12), prop::bool::weighted(0.8))
            .prop_map(|(events, commit)| Step::Write { events, commit }),
        4 => prop::option::weighted(0.4, 200..8_000_u64)
            .prop_map(|die_after| Step::Relay { die_after }),
        1 => Just(Step::Break),
        2 => (1..20_i64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// The numbers committed for each subject, in order.
type Expected = BTreeMap<Uuid, Vec<i64>>;

async fn take(bench: &Bench, steps: &[Step]) -> Expected {
    let subjects: Vec<Uuid> =
        (0..SUBJECTS).map(|n| on_shard(u8::try_from(n % 2).unwrap(), bench.subject())).collect();
    let mut expected: Expected = subjects.iter().map(|&subject| (subject, Vec::new())).collect();
    let relays = [bench.relay(), bench.relay()];
    let mut next = 0;
    for step in steps {
        match step {
            Step::Write { events, commit } => {
                let first = next;
                let written: Vec<_> = events
                    .iter()
                    .zip(first..)
                    .map(|(&(subject, fails), n)| {
                        bench.event(subjects[subject], n, Fate::Fails(fails))
                    })
                    .collect();
                next += i64::try_from(events.len()).unwrap();
                let mut tx = bench.test.owner().begin().await.unwrap();
                outbox::append(&mut tx, &written).await.unwrap();
                if *commit {
                    tx.commit().await.unwrap();
                    for (event, n) in written.iter().zip(first..) {
                        expected.get_mut(&event.subject).unwrap().push(n);
                    }
                }
            }
            Step::Relay { die_after } => {
                let both = async { tokio::join!(relays[0].drain_batch(), relays[1].drain_batch()) };
                let limit = die_after.map_or(Duration::from_secs(20), Duration::from_micros);
                // An error is allowed here (a broken connection), a lie in the end is not.
                let _ = tokio::time::timeout(limit, both).await;
            }
            Step::Break => break_connections(bench).await,
            Step::Wait { seconds } => bench.advance_secs(*seconds),
        }
    }
    expected
}

async fn break_connections(bench: &Bench) {
    let mut owner = bench.test.owner().acquire().await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()
           AND backend_type = 'client backend'",
    )
    .execute(&mut *owner)
    .await
    .unwrap();
}

async fn settle(bench: &Bench) {
    let relay = bench.relay();
    // A relay that died may hold its lanes for a moment longer.
    let done = async {
        while bench.depth().await.events > 0 {
            drain(&relay).await;
            bench.advance_secs(60);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), done).await.expect("everything is published");
}

#[test]
fn each_committed_event_has_its_effect_once_and_in_order() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let config =
        Config { cases: 24, max_shrink_iters: 30, failure_persistence: None, ..Config::default() };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..25))| {
        let (expected, actual, dead) = runtime.block_on(async {
            let bench = Bench::new().await;
            let expected = take(&bench, &steps).await;
            settle(&bench).await;
            let mut actual: Expected =
                expected.keys().map(|&subject| (subject, Vec::new())).collect();
            for (subject, n) in bench.effects().await {
                actual.entry(subject).or_default().push(n);
            }
            (expected, actual, bench.depth().await.dead_events)
        });
        prop_assert_eq!(actual, expected);
        prop_assert_eq!(dead, 0);
    });
}
