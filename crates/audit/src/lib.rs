//! The audit log: every change made in the back office, by whom, to what, from what to what.
//!
//! [`append`] is called in the transaction that makes the change, so that there is no change
//! without its entry and no entry without its change.
//!
//! *Invariant:* entries are append-only: the server's role may insert and read them, nothing else.
//! *Invariant:* no secret is in an entry; whoever writes one leaves passwords, keys and tokens out.

pub mod model;
mod sql;

use kernel::{Cursor, Page, PageLimit};
use pg::{Connection, DbResult};
use uuid::Uuid;

pub use model::{Entry, Filter, NewEntry};

/// Writes an entry, in the transaction of the change.
pub async fn append(conn: &mut Connection, entry: &NewEntry<'_>) -> DbResult<()> {
    sql::insert(conn, entry).await
}

/// Entries that fit, the newest first. `after` is where the page before ended.
pub async fn list(
    conn: &mut Connection,
    filter: &Filter,
    after: Option<Uuid>,
    limit: PageLimit,
) -> DbResult<Page<Entry>> {
    let rows = sql::list(conn, filter, after, limit.fetch()).await?;
    Ok(Page::from_rows(rows, limit, |last| Cursor::pack(&last.id)))
}

/// The next entries of an export, the newest first; empty at its end.
pub async fn batch(
    conn: &mut Connection,
    filter: &Filter,
    after: Option<Uuid>,
    size: u16,
) -> DbResult<Vec<Entry>> {
    sql::list(conn, filter, after, i64::from(size)).await
}
