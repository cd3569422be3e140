//! What the provider told us, kept word for word.

use ecpay::NoticeError;
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
    /// Signed by nobody, or by somebody else.
    Forged,
    /// Signed properly, for another merchant.
    WrongMerchant,
    /// Nothing that could be a notice.
    Malformed,
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
            Self::Forged => "forged",
            Self::WrongMerchant => "wrong_merchant",
            Self::Malformed => "malformed",
        }
    }

    /// What is to be made of a body that is not believed.
    pub const fn of(error: &NoticeError) -> Self {
        match error {
            NoticeError::Unsigned | NoticeError::BadSignature | NoticeError::Ambiguous(_) => {
                Self::Forged
            }
            NoticeError::WrongMerchant(_) => Self::WrongMerchant,
            NoticeError::Form(_) | NoticeError::Missing(_) | NoticeError::Malformed(_) => {
                Self::Malformed
            }
        }
    }
}

/// The most that is kept of a body that is not believed, in bytes: a full notice fits.
const REFUSED_KEPT: usize = 4_096;
/// The most of them that are kept in a minute: whoever posts them need not be the provider.
const REFUSED_A_MINUTE: i64 = 60;

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
    sql::notices::insert(conn, id, trade_no, body, verdict, received_at).await
}

/// Keeps the beginning of what was posted as a notice and is not believed, for a month; of a flood,
/// some. `false`: it was not kept.
pub async fn record_refused(
    conn: &mut Connection,
    body: &[u8],
    verdict: Verdict,
    clock: &dyn Clock,
    ids: &Ids,
) -> DbResult<bool> {
    let text = String::from_utf8_lossy(&body[..body.len().min(REFUSED_KEPT)]);
    // PostgreSQL keeps no NUL.
    let text = text.replace('\0', "\u{fffd}");
    let (id, at) = (ids.uuid(clock), clock.now());
    sql::notices::insert_refused(conn, id, &text, (verdict, at), REFUSED_A_MINUTE).await
}

/// Forgets up to `limit` of those from before a time; how many it was.
pub async fn forget_refused(conn: &mut Connection, before: Timestamp, limit: u32) -> DbResult<u64> {
    sql::notices::delete_refused(conn, before, limit).await
}
