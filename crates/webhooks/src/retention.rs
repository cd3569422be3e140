//! The log is kept for a while, then forgotten.

use jiff::Timestamp;
use pg::{Connection, DbResult};

use crate::{deliveries::first_id_of, sql};

/// Deletes up to `limit` deliveries written before `before`, with their attempts, and as many
/// messages that nobody needs any more; says how many deliveries and messages. Those that are still
/// tried stay.
pub async fn forget(conn: &mut Connection, before: Timestamp, limit: u32) -> DbResult<u64> {
    let (bound, limit) = (first_id_of(before), i64::from(limit));
    let deliveries = sql::deliveries::forget(conn, bound, limit).await?;
    let messages = sql::deliveries::forget_messages(conn, bound, limit).await?;
    Ok(deliveries.max(messages))
}

/// How much there is: endpoints that are told of events, those where nothing arrives, and deliveries
/// that wait (counted up to a hundred thousand).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Endpoints that are told of events.
    pub active: i64,
    /// Endpoints that were given up, or where the last attempt failed.
    pub failing: i64,
    /// Deliveries that wait.
    pub pending: i64,
}

/// How much there is right now.
pub async fn depth(conn: &mut Connection) -> DbResult<Depth> {
    let [active, failing, pending] = sql::endpoints::depth(conn).await?;
    Ok(Depth { active, failing, pending })
}
