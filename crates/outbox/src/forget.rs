//! Retention: what is done is kept for a while, then forgotten, a bounded number of rows at a time.

use jiff::Timestamp;
use kernel::SHARD_COUNT;
use pg::DbResult;

use crate::sql;

/// A walk over all lanes, to forget their old events; it begins with the default.
///
/// In each lane it goes along the primary key, which is nearly the order of time, and goes on where
/// the last step ended: what was deleted a moment ago is not read again, however much there is. It
/// leaves a lane when a step finds nothing old in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    lane: u8,
    after: (u64, i64),
}

/// What one step of a walk came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Events that were forgotten.
    pub forgotten: u64,
    /// Where to go on; nothing when the walk is over.
    pub rest: Option<Walk>,
}

/// One step: reads up to `limit` events of a lane, and deletes those that occurred before `before`
/// and were taken by the relay. Those that wait for another try, and the dead, are kept elsewhere
/// and stay.
#[tracing::instrument(name = "db.outbox.forget_published", skip_all, err)]
pub async fn forget_published(
    conn: &mut pg::Connection,
    before: Timestamp,
    walk: Walk,
    limit: u32,
) -> DbResult<Step> {
    let limit = i64::from(limit);
    let lane = i16::from(walk.lane);
    let chunk = sql::events::forget(conn, before, lane, walk.after, limit).await?;
    let here = chunk.last.filter(|_| chunk.read == limit && chunk.gone > 0);
    let next = match here {
        Some(after) => Walk { after, ..walk },
        None => Walk { lane: walk.lane + 1, after: (0, 0) },
    };
    Ok(Step { forgotten: chunk.gone, rest: (next.lane < SHARD_COUNT).then_some(next) })
}

/// Deletes up to `limit` jobs finished before `before` (their payloads hold personal data), and
/// says how many. Dead ones stay. That their events had jobs of this kind is still known
/// ([`inbox`](crate::inbox)).
#[tracing::instrument(name = "db.outbox.forget_finished", skip_all, err)]
pub async fn forget_finished(
    conn: &mut pg::Connection,
    before: Timestamp,
    limit: u32,
) -> DbResult<u64> {
    sql::jobs::forget(conn, before, i64::from(limit)).await
}

/// Forgets up to `limit` events that a consumer has seen before `before`, and says how many.
#[tracing::instrument(name = "db.outbox.forget_seen", skip_all, err)]
pub async fn forget_seen(
    conn: &mut pg::Connection,
    before: Timestamp,
    limit: u32,
) -> DbResult<u64> {
    sql::inbox::forget(conn, before, i64::from(limit)).await
}
