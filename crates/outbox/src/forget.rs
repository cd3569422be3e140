//! Retention: what is done is kept for a while, then forgotten.

use jiff::Timestamp;
use pg::DbResult;

use crate::sql;

/// Deletes up to `limit` events that occurred before `before` and were taken by the relay, and says
/// how many. Those that wait for another try, and the dead, are kept elsewhere and stay.
#[tracing::instrument(name = "db.outbox.forget_published", skip_all, err)]
pub async fn forget_published(
    conn: &mut pg::Connection,
    before: Timestamp,
    limit: u32,
) -> DbResult<u64> {
    sql::events::forget(conn, before, i64::from(limit)).await
}

/// Deletes up to `limit` jobs finished before `before` (their payloads hold personal data), and
/// says how many. Dead ones stay.
#[tracing::instrument(name = "db.outbox.forget_finished", skip_all, err)]
pub async fn forget_finished(
    conn: &mut pg::Connection,
    before: Timestamp,
    limit: u32,
) -> DbResult<u64> {
    sql::jobs::forget(conn, before, i64::from(limit)).await
}
