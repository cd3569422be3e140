//! Client-made keys: the same key gives the same order.

use jiff::Timestamp;
use kernel::id::OrderId;
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{sql, sql_keys};

/// SHA-256 over who asks and what they ask.
pub type Fingerprint = [u8; 32];

/// A key that has made an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// The client's key.
    pub key: Uuid,
    /// What was asked with it.
    pub fingerprint: Fingerprint,
    /// The order it made.
    pub order: OrderId,
}

/// Which of these keys have made an order, on whatever shard.
pub async fn find(conn: &mut Connection, keys: &[Uuid]) -> DbResult<Vec<KnownKey>> {
    sql::find_keys(conn, keys).await
}

/// Stores the keys of new orders. `false` when another transaction stored one of them meanwhile:
/// then roll back, and look again.
pub async fn insert(conn: &mut Connection, keys: &[KnownKey], at: Timestamp) -> DbResult<bool> {
    sql::insert_keys(conn, keys, at).await
}

/// Pages of the table that one step of a walk looks at: some ten thousand keys.
const STRETCH: i64 = 128;

/// A walk over all keys, to forget the old ones; it begins with the default.
///
/// The table has no index by time: each order would pay for keeping it. Instead a walk reads the
/// table through, a stretch of pages at a time, as it lies on the disk, which costs next to nothing
/// for a key that stays. (A BRIN index would not do: its ranges only ever widen, so that once the
/// room of forgotten keys has been used again every range may hold old ones.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    page: i64,
}

/// What one step of a walk came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Keys that were forgotten.
    pub forgotten: u64,
    /// Where to go on; nothing when the walk is over.
    pub rest: Option<Walk>,
}

/// Forgets keys older than `before`, one stretch of a walk. Keys live at least 24 hours.
pub async fn forget(conn: &mut Connection, before: Timestamp, walk: Walk) -> DbResult<Step> {
    let (forgotten, pages) = sql_keys::forget(conn, before, walk.page, STRETCH).await?;
    let next = walk.page + STRETCH;
    Ok(Step {
        forgotten: u64::try_from(forgotten).unwrap_or(0),
        rest: (next < pages).then_some(Walk { page: next }),
    })
}
