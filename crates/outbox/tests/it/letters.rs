use std::sync::Arc;

use kernel::{Clock as _, id::EventId};
use outbox::{
    NewJob,
    letters::{LetterFilter, LetterSource, discard_letter, letter, letters, replay_letters},
};
use serde_json::json;
use uuid::Uuid;

use crate::{Bench, Fate, drain};

/// Two dead events of different times, and a dead job: their ids.
async fn mortuary(bench: &Bench) -> [Uuid; 3] {
    let first = bench.event(bench.subject(), 0, Fate::Fails(99));
    bench.append(std::slice::from_ref(&first)).await;
    bench.advance_secs(10);
    let second = bench.event(bench.subject(), 1, Fate::Fails(99));
    bench.append(std::slice::from_ref(&second)).await;
    let relay = bench.relay();
    for _ in 0..12 {
        drain(&relay).await;
        bench.advance_secs(600);
    }
    let job = NewJob {
        event_id: Some(bench.test.ids().next::<EventId>(&*bench.test.clock())),
        ..bench.job(json!({"do": "fail", "secret": 1}))
    };
    let id = job.id.as_uuid();
    let mut conn = bench.test.db().acquire().await.unwrap();
    outbox::enqueue(&mut conn, &[job]).await.unwrap();
    bench.runner(&Arc::default()).run_due().await.unwrap();
    assert_eq!(bench.depth().await.dead(), 3);
    [first.id.as_uuid(), second.id.as_uuid(), id]
}

#[tokio::test]
async fn events_and_jobs_are_in_one_list_and_can_be_told_apart() {
    let bench = Bench::new().await;
    let [first, second, job] = mortuary(&bench).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let ids = |found: Vec<outbox::letters::Letter>| -> Vec<Uuid> {
        found.into_iter().map(|it| it.id).collect()
    };
    let all = LetterFilter::default();
    assert_eq!(ids(letters(&mut conn, &all, None, 9).await.unwrap()), [job, second, first]);
    assert_eq!(ids(letters(&mut conn, &all, None, 2).await.unwrap()), [job, second]);
    assert_eq!(ids(letters(&mut conn, &all, Some(second), 2).await.unwrap()), [first]);

    let whole = letter(&mut conn, first).await.unwrap().unwrap();
    assert_eq!((whole.source, whole.attempts), (LetterSource::Event, 12));
    assert_eq!(
        (whole.kind.as_str(), whole.last_error.as_str()),
        ("thing.happened", "recorder: as told")
    );
    assert_eq!(whole.data, json!({"n": 0, "fails": 99}));
    assert!(whole.subject.is_some());
    let other = letter(&mut conn, second).await.unwrap().unwrap();
    for (filter, expected) in [
        (LetterFilter { source: Some(LetterSource::Job), ..all.clone() }, vec![job]),
        (LetterFilter { kind: Some("work".into()), ..all.clone() }, vec![job]),
        (LetterFilter { kind: Some("thing.happened".into()), ..all.clone() }, vec![second, first]),
        (LetterFilter { until: Some(other.at), ..all.clone() }, vec![first]),
        (LetterFilter { from: Some(other.at), ..all.clone() }, vec![job, second]),
        (LetterFilter::one(Uuid::nil()), vec![]),
    ] {
        assert_eq!(
            ids(letters(&mut conn, &filter, None, 9).await.unwrap()),
            expected,
            "{filter:?}"
        );
    }
}

#[tokio::test]
async fn those_that_fit_are_replayed_the_oldest_first_and_others_stay_dead() {
    let bench = Bench::new().await;
    let [first, second, job] = mortuary(&bench).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let now = bench.test.clock().now();
    let all = LetterFilter::default();
    let replayed = replay_letters(&mut conn, &all, now, 1).await.unwrap();
    assert_eq!(replayed, [(LetterSource::Event, first)]);
    assert_eq!(bench.depth().await.dead(), 2);
    let of_jobs = LetterFilter { source: Some(LetterSource::Job), ..all.clone() };
    let replayed = replay_letters(&mut conn, &of_jobs, now, 9).await.unwrap();
    assert_eq!(replayed, [(LetterSource::Job, job)]);
    assert_eq!(bench.runner(&Arc::default()).run_due().await.unwrap(), 1);
    let replayed = replay_letters(&mut conn, &all, now, 9).await.unwrap();
    assert_eq!(replayed, [(LetterSource::Event, second), (LetterSource::Job, job)]);
    assert_eq!(replay_letters(&mut conn, &all, now, 9).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_discarded_is_gone_and_its_job_is_not_made_again() {
    let bench = Bench::new().await;
    let [first, second, job] = mortuary(&bench).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let now = bench.test.clock().now();
    let event_id = letter(&mut conn, job).await.unwrap().unwrap().event_id;
    for id in [first, job] {
        assert!(discard_letter(&mut conn, id, now).await.unwrap());
        assert!(!discard_letter(&mut conn, id, now).await.unwrap());
        assert_eq!(letter(&mut conn, id).await.unwrap(), None);
    }
    let again = NewJob { event_id, ..bench.job(json!({})) };
    outbox::enqueue(&mut conn, &[again]).await.unwrap();
    let depth = bench.depth().await;
    assert_eq!((depth.dead_events, depth.dead_jobs, depth.jobs), (1, 0, 0));
    assert!(letter(&mut conn, second).await.unwrap().is_some());

    // A living one is nobody's to discard.
    replay_letters(&mut conn, &LetterFilter::one(second), now, 1).await.unwrap();
    assert!(!discard_letter(&mut conn, second, now).await.unwrap());
    assert_eq!(bench.depth().await.events, 1);
}
