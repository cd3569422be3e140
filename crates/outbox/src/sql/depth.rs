//! How much waits.

use pg::{Connection, DbResult};

use crate::Depth;

/// Counts, none of them past a hundred thousand: past that the number makes no difference.
pub async fn depth(conn: &mut Connection) -> DbResult<Depth> {
    let row = sqlx::query!(
        r#"SELECT fresh.count AS "fresh!", deferred.count AS "deferred!", jobs.count AS "jobs!",
                  least(fresh.oldest, deferred.oldest) AS oldest_event_at,
             (SELECT count(*) FROM (SELECT FROM outbox.deferred WHERE dead LIMIT 100000) d)
                 AS "dead_events!",
             (SELECT count(*) FROM (SELECT FROM outbox.jobs WHERE dead LIMIT 100000) d)
                 AS "dead_jobs!",
             (SELECT run_at FROM outbox.jobs WHERE finished_at IS NULL AND NOT dead
                 ORDER BY run_at LIMIT 1) AS oldest_job_at
           FROM (SELECT count(*), min(occurred_at) AS oldest FROM (
                     SELECT e.occurred_at FROM outbox.lanes l CROSS JOIN LATERAL
                         outbox.untaken(l.shard, l.taken, l.floor, pg_current_snapshot()) e
                     LIMIT 100000) e) fresh,
                (SELECT count(*), min(occurred_at) AS oldest FROM (
                     SELECT occurred_at FROM outbox.deferred WHERE NOT dead
                     LIMIT 100000) d) deferred,
                (SELECT count(*) FROM (
                     SELECT FROM outbox.jobs WHERE finished_at IS NULL AND NOT dead
                     LIMIT 100000) j) jobs"#
    )
    .fetch_one(conn)
    .await?;
    let natural = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(Depth {
        events: natural(row.fresh) + natural(row.deferred),
        jobs: natural(row.jobs),
        dead_events: natural(row.dead_events),
        dead_jobs: natural(row.dead_jobs),
        oldest_event_at: row.oldest_event_at.map(jiff_sqlx::Timestamp::to_jiff),
        oldest_job_at: row.oldest_job_at.map(jiff_sqlx::Timestamp::to_jiff),
    })
}
