//! Forgetting keys: every old one, no young one, and never much at once.

use jiff::{SignedDuration, Timestamp};
use kernel::Clock as _;
use orders::idempotency::{Step, Walk, forget};
use testkit::TestDb;

/// Keys as they lie after days of coming and going: of any age beside each other.
async fn keys(test: &TestDb, count: i32) -> Timestamp {
    let now = test.clock().now();
    let mut conn = test.owner().acquire().await.unwrap();
    sqlx::query(
        "INSERT INTO orders.idempotency_keys (key, shard, fingerprint, order_id, created_at)
         SELECT gen_random_uuid(), n % 64, sha256(int4send(n)), gen_random_uuid(),
                $2::text::timestamptz - n % 48 * interval '1 hour'
           FROM generate_series(0, $1 - 1) AS n",
    )
    .bind(count)
    .bind(now.to_string())
    .execute(&mut *conn)
    .await
    .unwrap();
    now
}

async fn ages(test: &TestDb, now: Timestamp) -> (i64, i64) {
    let mut conn = test.owner().acquire().await.unwrap();
    sqlx::query_as(
        "SELECT count(*), coalesce(max(extract(epoch FROM $1::text::timestamptz - created_at)), 0)::bigint
           FROM orders.idempotency_keys",
    )
    .bind(now.to_string())
    .fetch_one(&mut *conn)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_walk_forgets_every_old_key_and_no_other() {
    let test = TestDb::new().await;
    let now = keys(&test, 48_000).await;
    let before = now - SignedDuration::from_hours(24);
    let (mut walk, mut steps, mut forgotten) = (Some(Walk::default()), 0, 0);
    while let Some(here) = walk {
        let mut tx = test.db().begin().await.unwrap();
        let step = forget(&mut tx, before, here).await.unwrap();
        tx.commit().await.unwrap();
        // Half of what lies on 128 pages at the most.
        assert!(step.forgotten <= 8_000, "{step:?}");
        (walk, steps, forgotten) = (step.rest, steps + 1, forgotten + step.forgotten);
    }
    // 25 to 47 hours old; those of 24 hours have just reached their promise.
    assert_eq!(forgotten, 23_000);
    assert_eq!(ages(&test, now).await, (25_000, 24 * 3600));
    assert!(steps >= 4, "{steps}");
}

#[tokio::test]
async fn a_step_looks_at_its_own_pages_only() {
    let test = TestDb::new().await;
    let now = keys(&test, 48_000).await;
    let mut tx = test.db().begin().await.unwrap();
    let first =
        forget(&mut tx, now - SignedDuration::from_hours(72), Walk::default()).await.unwrap();
    let Step { forgotten: 0, rest: Some(rest) } = first else { panic!("{first:?}") };
    let second = forget(&mut tx, now - SignedDuration::from_hours(72), rest).await.unwrap();
    assert_eq!(second.forgotten, 0);
    // What this transaction has read so far, in both steps.
    let (indexed, read): (i64, i64) = sqlx::query_as(
        "SELECT coalesce(idx_scan, 0), seq_tup_read FROM pg_stat_xact_user_tables
          WHERE relid = 'orders.idempotency_keys'::regclass",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(indexed, 0);
    assert!((10_000..=22_000).contains(&read), "{read} of 48,000 keys were read");
    tx.rollback().await.unwrap();
    // And so it is planned, whatever the planner believes of the table.
    let mut conn = test.owner().acquire().await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN (COSTS OFF) DELETE FROM orders.idempotency_keys
          WHERE ctid >= format('(%s,0)', 128::bigint)::tid
            AND ctid < format('(%s,0)', 256::bigint)::tid AND created_at < now()",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    assert!(plan.iter().any(|line| line.contains("Tid Range Scan")), "{plan:?}");
}
