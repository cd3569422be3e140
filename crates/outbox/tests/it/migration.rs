//! The way from events that are marked one by one to lanes, and back: whatever was pending stays
//! pending, whatever was done stays done.

use kernel::Clock as _;

use crate::{Bench, Fate, HAPPENED, drain, on_shard};

/// The last version whose events carried their own marks.
const BEFORE: i64 = 14;

async fn back(bench: &Bench) {
    pg::migrate::down_to(bench.test.owner_url(), BEFORE).await.unwrap();
}

async fn forth(bench: &Bench) {
    pg::migrate::up(bench.test.owner_url()).await.unwrap();
}

#[tokio::test]
async fn what_was_pending_before_the_lanes_is_handed_over_and_nothing_else() {
    let bench = Bench::new().await;
    back(&bench).await;
    let (well, sick) = (on_shard(1, bench.subject()), on_shard(1, bench.subject()));
    let now = bench.test.clock().now();
    let rows = [
        (well, 0, "now(), 0, NULL, NULL, false"),
        (well, 1, "NULL, 0, NULL, NULL, false"),
        (sick, 0, "NULL, 12, NULL, 'broken', true"),
        (sick, 1, "NULL, 2, '2026-06-01T02:00:05Z', 'moody', false"),
        (sick, 2, "NULL, 0, NULL, NULL, false"),
        (well, 2, "NULL, 0, NULL, NULL, false"),
    ];
    for (subject, n, marks) in rows {
        bench
            .execute(&format!(
                "INSERT INTO outbox.events (shard, id, type, subject, data, occurred_at,
                     published_at, attempts, next_attempt_at, last_error, dead)
                 VALUES (1, gen_random_uuid(), '{HAPPENED}', '{subject}', '{{\"n\": {n}}}', '{now}',
                     {marks})"
            ))
            .await;
    }
    forth(&bench).await;

    assert_eq!(bench.depth().await.events, 4);
    bench.append(&[bench.good(well, 3), bench.good(sick, 3)]).await;
    let relay = bench.relay();
    assert_eq!(drain(&relay).await, 3);
    assert_eq!(bench.effects_of(well).await, [1, 2, 3]);
    assert!(bench.effects_of(sick).await.is_empty(), "its turn has not come");
    bench.advance_secs(10);
    drain(&relay).await;
    assert_eq!(bench.effects_of(sick).await, [1, 2, 3]);
    let mut conn = bench.test.db().acquire().await.unwrap();
    let dead = outbox::dead_events(&mut conn, 9).await.unwrap();
    assert_eq!(
        dead.iter().map(|it| (it.attempts, it.last_error.as_str())).collect::<Vec<_>>(),
        [(12, "broken")]
    );
    assert_eq!(dead[0].data, serde_json::json!({"n": 0}));
    let distinct = "SELECT (count(*) = count(DISTINCT position))::text FROM outbox.events";
    assert_eq!(bench.ask(distinct).await, "true");
}

#[tokio::test]
async fn there_and_back_changes_nothing_of_what_is_pending() {
    let bench = Bench::new().await;
    let (well, sick) = (on_shard(1, bench.subject()), on_shard(2, bench.subject()));
    bench.append(&[bench.good(well, 0), bench.event(sick, 0, Fate::Fails(2))]).await;
    bench.append(&[bench.good(sick, 1)]).await;
    let late = bench.appended(&[bench.good(well, 1)]).await;
    let relay = bench.relay();
    drain(&relay).await;
    late.commit().await.unwrap();
    bench.append(&[bench.good(sick, 2)]).await;

    back(&bench).await;
    let story = "SELECT string_agg(concat(subject::text = '{}', data ->> 'n', published_at IS NULL,
        attempts, next_attempt_at IS NULL, last_error), ' ' ORDER BY position) FROM outbox.events";
    let story = story.replace("{}", &well.to_string());
    let mut owner = bench.test.owner().acquire().await.unwrap();
    let story: String =
        sqlx::query_scalar(sqlx::AssertSqlSafe(story)).fetch_one(&mut *owner).await.unwrap();
    assert_eq!(story, "t0f0t f0t1frecorder: as told f1t0t t1t0t f2t0t");
    forth(&bench).await;

    let relay = bench.relay();
    drain(&relay).await;
    assert_eq!(bench.effects_of(well).await, [0, 1]);
    for _ in 0..3 {
        bench.advance_secs(10);
        drain(&relay).await;
    }
    assert_eq!(bench.effects_of(sick).await, [0, 1, 2]);
    assert_eq!(bench.depth().await.events, 0);
}
