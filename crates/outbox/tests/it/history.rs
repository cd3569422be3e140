use kernel::Clock as _;
use outbox::{
    Interest,
    history::{EventFilter, EventProgress as P, PastEvent, events},
};
use serde_json::json;

use crate::{Bench, Fate, drain, on_shard};

fn numbers(found: &[PastEvent]) -> Vec<i64> {
    found.iter().map(|it| it.event.data["n"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_last_ones_come_first_whatever_their_lane_and_pages_join() {
    let bench = Bench::new().await;
    for n in 0..30 {
        let lane = u8::try_from(n % 5).unwrap();
        bench.append(&[bench.good(on_shard(lane, bench.subject()), n)]).await;
    }
    let mut conn = bench.test.db().acquire().await.unwrap();
    let all = EventFilter::default();
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = events(&mut conn, &all, after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.place);
        seen.extend(numbers(&page));
    }
    assert_eq!(seen, (0..30).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn they_are_found_by_kind_subject_and_time() {
    let bench = Bench::new().await;
    let (a, b) = (on_shard(1, bench.subject()), on_shard(1, bench.subject()));
    bench.append(&[bench.good(a, 0), bench.of_kind("other.thing", b, &json!({"n": 1}))]).await;
    bench.advance_secs(10);
    let later = bench.test.clock().now();
    bench.append(&[bench.good(b, 2)]).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let all = EventFilter::default();
    let of = |pattern: &str| Some(Interest::of([pattern]));
    for (filter, expected) in [
        (all.clone(), vec![2, 1, 0]),
        (EventFilter { kinds: of("thing.happened"), ..all.clone() }, vec![2, 0]),
        (EventFilter { kinds: of("other.*"), ..all.clone() }, vec![1]),
        (EventFilter { kinds: of("*"), ..all.clone() }, vec![2, 1, 0]),
        (EventFilter { kinds: of("other"), ..all.clone() }, vec![]),
        (EventFilter { subject: Some(b), ..all.clone() }, vec![2, 1]),
        (EventFilter { from: Some(later), ..all.clone() }, vec![2]),
        (EventFilter { until: Some(later), ..all.clone() }, vec![1, 0]),
    ] {
        let found = events(&mut conn, &filter, None, 9).await.unwrap();
        assert_eq!(numbers(&found), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn each_says_how_far_it_has_come() {
    let bench = Bench::new().await;
    let (well, sick) = (bench.subject(), bench.subject());
    bench
        .append(&[bench.good(well, 0), bench.event(sick, 1, Fate::Fails(99)), bench.good(sick, 2)])
        .await;
    let relay = bench.relay();
    drain(&relay).await;
    bench.append(&[bench.good(well, 3)]).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let progress = async |conn: &mut pg::Connection| {
        let found = events(conn, &EventFilter::default(), None, 9).await.unwrap();
        found.iter().map(|it| (it.progress, it.event.attempts)).collect::<Vec<_>>()
    };
    assert_eq!(
        progress(&mut conn).await,
        [(P::Pending, 0), (P::Waiting, 0), (P::Waiting, 1), (P::Done, 0)]
    );
    for _ in 0..12 {
        bench.advance_secs(600);
        drain(&relay).await;
    }
    assert_eq!(
        progress(&mut conn).await,
        [(P::Done, 0), (P::Done, 0), (P::Dead, 12), (P::Done, 0)]
    );
}
