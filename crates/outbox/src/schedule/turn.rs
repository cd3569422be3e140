//! A turn: the right to do a recurring job once.

use pg::DbResult;
use tokio_util::sync::CancellationToken;

use crate::sql;

/// The right to do a job, as long as it is renewed.
#[derive(Debug)]
pub struct Turn {
    pub(super) name: &'static str,
    pub(super) token: i64,
    pub(super) over: CancellationToken,
}

impl Turn {
    /// A turn that nobody has given, for tests of what is done in one. [`hold`](Self::hold) refuses
    /// it.
    pub fn unscheduled(name: &'static str) -> Self {
        Self { name, token: 0, over: CancellationToken::new() }
    }

    /// The fencing token: larger than that of every earlier turn of this job. Whoever remembers the
    /// largest one they have seen can refuse those who come too late.
    pub const fn token(&self) -> i64 {
        self.token
    }

    /// Whether it is time to stop: the program ends, or somebody else has the turn.
    pub fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// The same as something to wait for.
    pub const fn over(&self) -> &CancellationToken {
        &self.over
    }

    /// Makes sure that the turn lasts until the end of this transaction: nobody takes it over
    /// meanwhile. An error ([`DbError::Affected`](pg::DbError)) when it is over already.
    pub async fn hold(&self, conn: &mut pg::Connection) -> DbResult<()> {
        sql::schedule::hold(conn, self.name, self.token).await
    }
}
