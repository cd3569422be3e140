//! Client-made keys: the same key gives the same order.

use jiff::Timestamp;
use kernel::id::OrderId;
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::sql;

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

/// Forgets keys older than `before`, at most `limit` of them. Keys live at least 24 hours.
pub async fn forget(conn: &mut Connection, before: Timestamp, limit: i64) -> DbResult<u64> {
    sql::forget_keys(conn, before, limit).await
}
