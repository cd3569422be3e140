//! Writing events, in the transaction that makes them true.

use pg::DbResult;

use crate::{NewEvent, sql};

/// Writes `events`, in this order, with one statement. Whoever calls this holds the row locks of
/// the subjects, which is what gives a subject's events their order.
#[tracing::instrument(level = "debug", name = "db.outbox.append", skip_all, err)]
pub async fn append(conn: &mut pg::Connection, events: &[NewEvent]) -> DbResult<()> {
    sql::events::insert(conn, events).await
}
