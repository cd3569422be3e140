//! What consumers have seen: each event once for each of them, however often it is handed over.
//!
//! Within the relay nothing is handed over twice: a subscriber's writes and the mark that the event
//! is done commit together. A consumer needs this who would do harm by doing it again, when an event
//! comes back by other ways: a dead letter replayed, a database restored from a dump, a program that
//! reads events from a queue. It [`claim`]s the event in the transaction of what it does about it.
//!
//! Jobs made of events have it built in: of one event there is at most one job of a kind, also after
//! the job was done and forgotten.

use jiff::Timestamp;
use kernel::id::EventId;
use pg::DbResult;

use crate::sql;

/// Of these events, those that `consumer` has not seen before: it has from now on, if the
/// transaction commits. Somebody who claims the same one at the same time waits for the first one's
/// end.
#[tracing::instrument(level = "debug", name = "db.outbox.claim_events", skip_all, err)]
pub async fn claim(
    conn: &mut pg::Connection,
    consumer: &str,
    events: &[EventId],
    now: Timestamp,
) -> DbResult<Vec<EventId>> {
    sql::inbox::claim(conn, consumer, events, now).await
}
