//! A dump restored elsewhere: the same rows in a cluster whose transaction numbers mean something
//! else.

use jiff::SignedDuration;
use kernel::Clock as _;

use crate::{Bench, Fate, drain, forget, on_shard};

/// Makes the outbox look restored: every transaction number in it is `by` off.
async fn restore(bench: &Bench, by: i64) {
    let moved = |number: &str| format!("greatest(1, {number}::text::bigint + {by})::text");
    bench
        .execute(&format!(
            "UPDATE outbox.events SET tx = {}::xid8;
             UPDATE outbox.lanes SET cluster = cluster + 1, taken = concat(
                 greatest(2, pg_snapshot_xmin(taken)::text::bigint + {by}), ':',
                 greatest(2, pg_snapshot_xmax(taken)::text::bigint + {by}), ':',
                 (SELECT string_agg({}, ',') FROM pg_snapshot_xip(taken) x))::pg_snapshot",
            moved("tx"),
            moved("x"),
        ))
        .await;
}

#[tokio::test]
async fn after_a_restore_nothing_is_lost_and_nothing_done_again() {
    // Numbers from far away, from just ahead, and from behind.
    for by in [1_000_000, 30, -200] {
        let bench = Bench::new().await;
        let subject = |n| on_shard(n, bench.subject());
        let (done, late, pending, sick) = (subject(1), subject(1), subject(1), subject(2));
        let relay = bench.relay();
        bench.append(&[bench.good(done, 0), bench.event(sick, 0, Fate::Fails(1))]).await;
        let early = bench.appended(&[bench.good(late, 0)]).await;
        bench.append(&[bench.good(done, 1)]).await;
        assert_eq!(drain(&relay).await, 3);
        early.commit().await.unwrap();
        bench.append(&[bench.good(pending, 0), bench.good(sick, 1)]).await;

        restore(&bench, by).await;
        bench.append(&[bench.good(done, 2), bench.good(late, 1), bench.good(pending, 1)]).await;
        let mut conn = bench.test.db().acquire().await.unwrap();
        let now = bench.test.clock().now() + SignedDuration::from_secs(9);
        assert_eq!(forget(&mut conn, now, 99).await, 0, "not yet");
        drain(&relay).await;
        bench.advance_secs(2);
        drain(&relay).await;
        // The numbers of old rows come around again.
        for n in 3..60 {
            bench.append(&[bench.good(done, n)]).await;
            drain(&relay).await;
        }
        assert_eq!(bench.effects_of(done).await, (0..60).collect::<Vec<_>>(), "{by}");
        assert_eq!(bench.effects_of(late).await, [0, 1], "{by}");
        assert_eq!(bench.effects_of(pending).await, [0, 1], "{by}");
        assert_eq!(bench.effects_of(sick).await, [0, 1], "{by}");
        assert_eq!(bench.depth().await.events, 0);
        let floors = "SELECT count(*)::text FROM outbox.lanes WHERE floor > 0";
        assert_eq!(bench.ask(floors).await, "2", "the others were never used");
        forget(&mut conn, now, 999).await;
        assert_eq!(bench.ask("SELECT count(*)::text FROM outbox.events").await, "0");
    }
}
