//! What the provider told us, kept word for word.

use jiff::Timestamp;
use kernel::{Clock, Ids};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::sql;

/// What was made of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It changed something.
    Accepted,
    /// It said what was known.
    Repeated,
    /// Fired by hand at the provider; no money.
    Simulated,
    /// For another amount than asked.
    WrongAmount,
    /// For no attempt of ours.
    Unknown,
}

impl Verdict {
    /// The word kept in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Repeated => "repeated",
            Self::Simulated => "simulated",
            Self::WrongAmount => "wrong_amount",
            Self::Unknown => "unknown",
        }
    }
}

/// Keeps a notice whose signature was right.
pub async fn record(
    conn: &mut Connection,
    trade_no: &str,
    body: &str,
    verdict: Verdict,
    clock: &dyn Clock,
    ids: &Ids,
) -> DbResult<()> {
    let received_at: Timestamp = clock.now();
    let id: Uuid = ids.uuid(clock);
    sql::insert_notice(conn, id, trade_no, body, verdict, received_at).await
}
