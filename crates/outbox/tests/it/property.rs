//! Whatever happens in whatever order (transactions that overlap, commit or roll back, relays that
//! work side by side or die in the middle, handlers that fail, connections that break), each
//! committed event has its effect exactly once, and in the order of its subject.

use std::{collections::BTreeMap, time::Duration};

use proptest::{prelude::*, test_runner::Config};
use uuid::Uuid;

use crate::{Bench, Fate, drain, on_shard};

#[derive(Clone, Debug)]
enum Step {
    /// A writer's transaction gets its number, if it has none: maybe long before it appends.
    Begin { writer: usize },
    /// A writer appends events, beginning a transaction if it has none: subject and how often each
    /// fails first. Those of a subject that another writer has locked are left out: it would wait.
    Append { writer: usize, events: Vec<(usize, u16)> },
    /// A writer's transaction ends.
    End { writer: usize, commit: bool },
    /// Two relays take a batch at the same time; both die after so many microseconds.
    Relay { die_after: Option<u64> },
    /// Every connection breaks, those of the writers, too.
    Break,
    /// Time goes by.
    Wait { seconds: i64 },
}

const SUBJECTS: usize = 4;
const WRITERS: usize = 3;

fn step() -> impl Strategy<Value = Step> {
    let event = (0..SUBJECTS, prop_oneof![4 => Just(0_u16), 1 => 1..4_u16]);
    prop_oneof![
        1 => (0..WRITERS).prop_map(|writer| Step::Begin { writer }),
        6 => (0..WRITERS, prop::collection::vec(event, 1..6))
            .prop_map(|(writer, events)| Step::Append { writer, events }),
        4 => (0..WRITERS, prop::bool::weighted(0.8))
            .prop_map(|(writer, commit)| Step::End { writer, commit }),
        5 => prop::option::weighted(0.3, 200..8_000_u64)
            .prop_map(|die_after| Step::Relay { die_after }),
        1 => Just(Step::Break),
        2 => (1..20_i64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// The numbers committed for each subject, in order.
type Expected = BTreeMap<Uuid, Vec<i64>>;

/// A transaction, and what it has written. The subjects among it are its own until it ends.
struct Writer {
    tx: pg::Transaction,
    written: Vec<(Uuid, i64)>,
}

/// The writers at work.
#[derive(Default)]
struct Writers([Option<Writer>; WRITERS]);

impl Writers {
    async fn begin(&mut self, bench: &Bench, writer: usize) -> &mut Writer {
        if self.0[writer].is_none() {
            let mut tx = bench.test.db().begin().await.unwrap();
            sqlx::query("SELECT pg_current_xact_id()::text").execute(&mut *tx).await.unwrap();
            self.0[writer] = Some(Writer { tx, written: Vec::new() });
        }
        self.0[writer].as_mut().unwrap()
    }

    fn others_have(&self, writer: usize, subject: Uuid) -> bool {
        self.0.iter().enumerate().any(|(n, it)| {
            n != writer && it.iter().any(|it| it.written.iter().any(|(own, _)| *own == subject))
        })
    }

    async fn end(&mut self, writer: usize, commit: bool, expected: &mut Expected) {
        let Some(Writer { tx, written }) = self.0[writer].take() else { return };
        if !commit {
            return tx.rollback().await.unwrap();
        }
        tx.commit().await.unwrap();
        for (subject, n) in written {
            expected.get_mut(&subject).unwrap().push(n);
        }
    }
}

async fn take(bench: &Bench, steps: &[Step]) -> Expected {
    let subjects: Vec<Uuid> =
        (0..SUBJECTS).map(|n| on_shard(u8::try_from(n % 2).unwrap(), bench.subject())).collect();
    let mut expected: Expected = subjects.iter().map(|&subject| (subject, Vec::new())).collect();
    let relays = [bench.relay(), bench.relay()];
    let (mut writers, mut next) = (Writers::default(), 0);
    for step in steps {
        match step {
            Step::Begin { writer } => drop(writers.begin(bench, *writer).await),
            Step::Append { writer, events } => {
                let free: Vec<_> = events
                    .iter()
                    .map(|&(subject, fails)| (subjects[subject], fails))
                    .filter(|&(subject, _)| !writers.others_have(*writer, subject))
                    .zip(next..)
                    .collect();
                next += i64::try_from(events.len()).unwrap();
                let events: Vec<_> = free
                    .iter()
                    .map(|&((subject, fails), n)| bench.event(subject, n, Fate::Fails(fails)))
                    .collect();
                let open = writers.begin(bench, *writer).await;
                outbox::append(&mut open.tx, &events).await.unwrap();
                open.written.extend(free.iter().map(|&((subject, _), n)| (subject, n)));
            }
            Step::End { writer, commit } => writers.end(*writer, *commit, &mut expected).await,
            Step::Relay { die_after } => {
                let both = async { tokio::join!(relays[0].drain_batch(), relays[1].drain_batch()) };
                let limit = die_after.map_or(Duration::from_secs(20), Duration::from_micros);
                // An error is allowed here (a broken connection), a lie in the end is not.
                let _ = tokio::time::timeout(limit, both).await;
            }
            Step::Break => {
                break_connections(bench).await;
                writers = Writers::default();
            }
            Step::Wait { seconds } => bench.advance_secs(*seconds),
        }
    }
    for writer in 0..WRITERS {
        writers.end(writer, true, &mut expected).await;
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
    proptest!(config, |(steps in prop::collection::vec(step(), 1..40))| {
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
