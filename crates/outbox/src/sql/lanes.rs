//! Statements on `outbox.lanes`: who works on a lane, and what has been taken of it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use pg::{Affected as _, Connection, DbError, DbResult};

use crate::Interest;

/// A lane that this transaction has locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    pub shard: i16,
    /// Its mark comes from another cluster: the database was restored.
    pub foreign: bool,
}

/// Up to where a round takes events: what a snapshot sees.
#[derive(Debug)]
pub struct Target {
    /// As PostgreSQL writes it.
    pub snapshot: String,
    /// The highest position that had been given away by then.
    pub high: i64,
}

/// The relay's transaction bounds every wait, and does not make its commit wait for the disk: what
/// a crash of the server forgets are the handlers' writes and the marks together, so the events are
/// handed over again; and a commit that does wait for the disk takes all earlier ones with it.
///
/// It reads events by their key only. In a shop that has just begun, the statistics still say that
/// there are none, and PostgreSQL would read the whole table each time.
pub async fn prepare_relay(conn: &mut Connection) -> DbResult<()> {
    sqlx::query!(
        "SELECT set_config('synchronous_commit', 'off', true) AS a,
                set_config('lock_timeout', '2s', true) AS b,
                set_config('statement_timeout', '10min', true) AS c,
                set_config('enable_seqscan', 'off', true) AS d"
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// How long the transaction's next statements may take: the relay's own can have days of events to
/// read, a handler's have one.
pub async fn allow_statements(conn: &mut Connection, long: bool) -> DbResult<()> {
    let time = if long { "10min" } else { "5s" };
    sqlx::query!("SELECT set_config('statement_timeout', $1, true) AS a", time)
        .fetch_one(conn)
        .await?;
    Ok(())
}

/// The first half of PostgreSQL's pair of advisory lock keys; the second is the shard. ("oxob")
const LANE_LOCKS: i32 = 0x6f78_6f62;

/// Locks, until the end of the transaction, the lanes where something is due, without those that
/// another relay has. Writes nothing, so that looking costs nothing: a row lock would be a write.
pub async fn lock(
    conn: &mut Connection,
    now: Timestamp,
    among: Option<&[i16]>,
) -> DbResult<Vec<Lane>> {
    let lanes = sqlx::query!(
        r#"WITH here AS MATERIALIZED (SELECT system_identifier FROM pg_control_system()),
           waiting AS MATERIALIZED (
               SELECT subject FROM outbox.deferred WHERE NOT dead AND next_attempt_at > $1),
           due AS MATERIALIZED (
               SELECT l.shard, l.cluster <> here.system_identifier AS is_foreign
               FROM outbox.lanes l CROSS JOIN here
               WHERE ($2::smallint[] IS NULL OR l.shard = ANY ($2))
                 AND (l.cluster <> here.system_identifier
                   OR EXISTS (SELECT FROM outbox.untaken(
                          l.shard, l.taken, l.floor, pg_current_snapshot()))
                   OR EXISTS (SELECT FROM outbox.deferred d WHERE d.shard = l.shard AND NOT d.dead
                          AND d.subject NOT IN (SELECT subject FROM waiting))))
           SELECT shard AS "shard!", is_foreign AS "foreign!" FROM due
           WHERE pg_try_advisory_xact_lock($3, shard::integer)"#,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        among,
        LANE_LOCKS,
    )
    .fetch_all(conn)
    .await?;
    Ok(lanes.into_iter().map(|row| Lane { shard: row.shard, foreign: row.foreign }).collect())
}

/// What this round takes events up to, for lanes that are locked. It has to be asked before the
/// transaction writes anything: a snapshot counts its own transaction among those it sees, and
/// events that a handler appends in it would pass for taken.
pub async fn target(conn: &mut Connection) -> DbResult<Target> {
    let row = sqlx::query!(
        r#"SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NULL
                       THEN pg_current_snapshot()::text END AS snapshot,
                  CASE WHEN is_called THEN last_value ELSE 0 END AS "high!"
           FROM outbox.events_position_seq"#
    )
    .fetch_one(conn)
    .await?;
    let snapshot = row.snapshot.ok_or_else(|| DbError::Corrupt {
        table: "outbox.lanes",
        column: "taken",
        value: "a snapshot of a transaction that has written".to_owned(),
    })?;
    Ok(Target { snapshot, high: row.high })
}

/// All that `target` sees of these lanes has been taken.
pub async fn store(conn: &mut Connection, lanes: &[i16], target: &Target) -> DbResult<()> {
    sqlx::query!(
        "UPDATE outbox.lanes SET taken = $2::text::pg_snapshot, high = $3 WHERE shard = ANY ($1)",
        lanes,
        target.snapshot,
        target.high,
    )
    .execute(conn)
    .await?
    .rows("mark lanes taken", lanes.len())
}

/// Makes the lanes of a restored database this cluster's own: their events that were not taken are
/// put aside, and numbers of transactions mean something again from now on.
pub async fn adopt(conn: &mut Connection, lanes: &[i16], wanted: &Interest) -> DbResult<()> {
    let (kinds, families) = (wanted.kinds(), wanted.families());
    sqlx::query!(
        r#"WITH here AS MATERIALIZED (SELECT system_identifier FROM pg_control_system()),
           lost AS MATERIALIZED (
               SELECT l.shard, l.taken, l.high, l.floor FROM outbox.lanes l CROSS JOIN here
               WHERE l.shard = ANY ($1) AND l.cluster <> here.system_identifier),
           untaken AS (
               DELETE FROM outbox.events e USING lost
               WHERE e.shard = lost.shard AND e.position > lost.floor
                 AND (e.position > lost.high OR NOT pg_visible_in_snapshot(e.tx, lost.taken))
               RETURNING e.shard, e.position, e.id, e.type, e.subject, e.data, e.occurred_at),
           kept AS (
               INSERT INTO outbox.deferred (shard, position, id, type, subject, data, occurred_at)
               SELECT shard, position, id, type, subject, data, occurred_at FROM untaken
               WHERE $2::text[] IS NULL OR type = ANY ($2)
                  OR split_part(type, '.', 1) = ANY ($3)
               ON CONFLICT (shard, position) DO NOTHING)
           UPDATE outbox.lanes l
           SET taken = pg_current_snapshot(), floor = lost.high, cluster = here.system_identifier
           FROM lost, here WHERE l.shard = lost.shard"#,
        lanes,
        kinds.as_deref(),
        &families,
    )
    .execute(conn)
    .await?;
    Ok(())
}
