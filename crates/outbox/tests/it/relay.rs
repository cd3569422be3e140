use std::{sync::Arc, time::Duration};

use outbox::{BoxFuture, Event, HandleError, Subscriber, Wants};
use tokio_util::sync::CancellationToken;

use crate::{Bench, Fate, Recorder, drain, on_shard};

#[tokio::test]
async fn events_are_handled_in_the_order_they_were_written_in() {
    let bench = Bench::new().await;
    let (a, b) = (bench.subject(), bench.subject());
    // Ids of one millisecond are in no order; a hundred of them will not look sorted by accident.
    let events: Vec<_> = (0..100).map(|n| bench.good(if n % 2 == 0 { a } else { b }, n)).collect();
    bench.append(&events).await;

    assert_eq!(drain(&bench.relay()).await, 100);
    let numbers: Vec<i64> = bench.effects().await.into_iter().map(|(_, n)| n).collect();
    assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    assert_eq!(bench.depth().await.events, 0);
    assert_eq!(drain(&bench.relay()).await, 0, "nothing is handled twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_and_appenders_at_once_keep_each_subjects_order() {
    let bench = Bench::new().await;
    bench
        .execute("CREATE TABLE public.subjects (id uuid PRIMARY KEY, n bigint NOT NULL DEFAULT 0)")
        .await;
    bench.execute("GRANT SELECT, UPDATE ON public.subjects TO oxcart_app").await;
    let subjects: Vec<_> = (0..6).map(|n| on_shard(n % 3, bench.subject())).collect();
    for subject in &subjects {
        bench.execute(&format!("INSERT INTO public.subjects VALUES ('{subject}')")).await;
    }
    let cancel = CancellationToken::new();
    let relays = [bench.relay(), bench.relay()];
    // Appenders take turns on a subject's row, and number its events in that order.
    let appender = async |seed: usize| {
        for turn in 0..40 {
            let mut tx = bench.test.db().begin().await.unwrap();
            let mut mine = [seed * 7 + turn, seed * 3 + turn * 5, turn * 2].map(|n| n % 6);
            mine.sort_unstable();
            for subject in mine.map(|n| subjects[n]) {
                let n = "UPDATE public.subjects SET n = n + 1 WHERE id = $1 RETURNING n";
                let n = sqlx::query_scalar(n).bind(subject).fetch_one(&mut *tx).await.unwrap();
                outbox::append(&mut tx, &[bench.good(subject, n)]).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
    };
    let story = async {
        tokio::join!(appender(1), appender(2), appender(3), appender(4));
        while bench.depth().await.events > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        cancel.cancel();
    };
    let deadline = tokio::time::timeout(Duration::from_mins(1), async {
        tokio::join!(relays[0].run(cancel.clone()), relays[1].run(cancel.clone()), story)
    });
    Box::pin(deadline).await.expect("the relays keep up and stop when told");

    let mut all = 0;
    for subject in subjects {
        let handled = bench.effects_of(subject).await;
        let in_order: Vec<i64> = (1..).take(handled.len()).collect();
        assert_eq!(handled, in_order);
        all += handled.len();
    }
    assert_eq!(all, 4 * 40 * 3);
}

#[tokio::test]
async fn a_lane_that_another_relay_holds_is_left_alone() {
    let bench = Bench::new().await;
    let (held, free) = (on_shard(1, bench.subject()), on_shard(2, bench.subject()));
    bench.append(&[bench.good(held, 0), bench.good(free, 0)]).await;

    let mut other = bench.test.db().begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(x'6f786f62'::int, 1)")
        .execute(&mut *other)
        .await
        .unwrap();
    assert_eq!(drain(&bench.relay()).await, 1);
    assert_eq!(bench.effects().await, [(free, 0)]);
    other.rollback().await.unwrap();
    assert_eq!(drain(&bench.relay()).await, 1);
}

#[tokio::test]
async fn a_relay_for_some_shards_leaves_the_others() {
    let bench = Bench::new().await;
    let (mine, others) = (on_shard(3, bench.subject()), on_shard(4, bench.subject()));
    bench.append(&[bench.good(mine, 0), bench.good(others, 0)]).await;
    let relay = bench.relay().on_shards([kernel::Shard::new(3)]);
    assert_eq!(drain(&relay).await, 1);
    assert_eq!(bench.effects().await, [(mine, 0)]);
}

#[tokio::test]
async fn a_failing_event_holds_back_its_own_subject_and_nobody_else() {
    for fate in [Fate::Fails(1), Fate::Panics, Fate::Refused] {
        let bench = Bench::new().await;
        let (sick, well) = (bench.subject(), bench.subject());
        bench
            .append(&[
                bench.good(sick, 0),
                bench.event(sick, 1, fate),
                bench.good(well, 0),
                bench.good(sick, 2),
                bench.good(well, 1),
            ])
            .await;

        let relay = bench.relay();
        assert_eq!(drain(&relay).await, 4, "three pass, one fails ({fate:?})");
        assert_eq!(bench.effects_of(well).await, [0, 1]);
        assert_eq!(bench.effects_of(sick).await, [0], "what the failure wrote is undone");

        // What comes later has to wait, too.
        bench.append(&[bench.good(sick, 3), bench.good(well, 2)]).await;
        assert_eq!(drain(&relay).await, 1);
        assert_eq!(bench.effects_of(sick).await, [0]);

        bench.advance_secs(2);
        assert_eq!(drain(&relay).await, 3);
        assert_eq!(bench.effects_of(sick).await, [0, 1, 2, 3]);
    }
}

#[tokio::test]
async fn many_waiting_events_do_not_hide_those_behind_them() {
    let bench = Bench::new().await;
    let (sick, well) = (bench.subject(), bench.subject());
    let mut events = vec![bench.event(sick, 0, Fate::Fails(1))];
    events.extend((1..1200).map(|n| bench.good(sick, n)));
    events.push(bench.good(well, 0));
    bench.append(&events).await;
    assert_eq!(drain(&bench.relay()).await, 2);
    assert_eq!(bench.effects_of(well).await, [0]);
}

#[tokio::test]
async fn an_event_that_always_fails_dies_and_can_be_replayed() {
    let bench = Bench::new().await;
    let subject = bench.subject();
    let doomed = bench.event(subject, 0, Fate::Fails(12));
    let id = doomed.id;
    bench.append(&[doomed, bench.good(subject, 1)]).await;

    let relay = bench.relay();
    for attempt in 1..=12 {
        assert!(bench.effects_of(subject).await.is_empty(), "before attempt {attempt}");
        assert!(drain(&relay).await >= 1, "attempt {attempt}");
        bench.advance_secs(600);
    }
    assert_eq!(bench.effects_of(subject).await, [1], "nobody waits for the dead");
    let mut conn = bench.test.db().acquire().await.unwrap();
    let dead = outbox::dead_events(&mut conn, 10).await.unwrap();
    assert_eq!(dead.iter().map(|it| (it.id, it.attempts)).collect::<Vec<_>>(), [(id, 12)]);
    assert_eq!(dead[0].last_error, "recorder: as told");
    assert_eq!(bench.depth().await.dead_events, 1);

    // The defect is mended, then the event replayed.
    sqlx::query("UPDATE outbox.deferred SET data = replace(data, '12', '0') WHERE dead")
        .execute(&mut *conn)
        .await
        .unwrap();
    assert!(outbox::replay(&mut conn, id).await.unwrap());
    assert!(!outbox::replay(&mut conn, id).await.unwrap(), "it is not dead any more");
    drain(&relay).await;
    assert_eq!(bench.effects_of(subject).await, [1, 0]);
    assert_eq!(bench.depth().await.dead(), 0);
}

/// Fails the first time, whatever the event.
struct Moody;

impl Subscriber for Moody {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn wants(&self) -> Wants {
        Wants::Everything
    }

    fn handle<'a>(
        &'a self,
        _: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            if event.attempts > 0 { Ok(()) } else { Err(HandleError::new("not today")) }
        })
    }
}

#[tokio::test]
async fn all_subscribers_of_an_event_succeed_or_none() {
    let bench = Bench::new().await;
    bench.append(&[bench.good(bench.subject(), 0)]).await;
    let relay = bench.relay_for(vec![Arc::new(Recorder), Arc::new(Moody)]);
    assert_eq!(drain(&relay).await, 1);
    assert!(bench.effects().await.is_empty());
    bench.advance_secs(2);
    assert_eq!(drain(&relay).await, 1);
    assert_eq!(bench.effects().await.len(), 1);
}

#[tokio::test]
async fn what_is_rolled_back_never_happened() {
    let bench = Bench::new().await;
    let mut tx = bench.test.db().begin().await.unwrap();
    outbox::append(&mut tx, &[bench.good(bench.subject(), 0)]).await.unwrap();
    outbox::append(&mut tx, &[]).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(drain(&bench.relay()).await, 0);
}

#[tokio::test]
async fn a_relay_outlives_an_outage_of_the_database() {
    let bench = Bench::new().await;
    let subject = bench.subject();
    let cancel = CancellationToken::new();
    let relay = bench.relay();
    let story = async {
        let handled = async |count: usize| {
            while bench.effects().await.len() < count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        bench.append(&[bench.good(subject, 0)]).await;
        handled(1).await;

        let name = bench.database().await;
        let mut elsewhere = bench.connect_elsewhere(&name).await;
        let switch = |on: &str| {
            sqlx::AssertSqlSafe(format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {on}"))
        };
        sqlx::query(switch("false")).execute(&mut elsewhere).await.unwrap();
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
            .bind(&name)
            .execute(&mut elsewhere)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(700)).await;
        sqlx::query(switch("true")).execute(&mut elsewhere).await.unwrap();

        bench.append(&[bench.good(subject, 1)]).await;
        handled(2).await;
        cancel.cancel();
    };
    let both = async { tokio::join!(relay.run(cancel.clone()), story) };
    tokio::time::timeout(Duration::from_secs(30), both).await.expect("the relay comes back");
    assert_eq!(bench.effects_of(subject).await, [0, 1]);
}
