//! Whoever takes files in the background.

use catalog::CatalogError;
use jiff::SignedDuration;
use kernel::{Ids, SharedClock, later};
use pg::Db;

use super::Job;

/// How long a claim holds without a batch: many times what one takes, waits for locks included.
pub const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// After a failure.
pub const PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// After so many attempts in a row that wrote nothing, nobody tries any more.
pub const TRIES_MAX: i32 = 8;
/// Files that did not come to their end are kept so long: many times what a request may take, and not
/// longer, because each of them keeps a place from those that do.
const UNSENT: SignedDuration = SignedDuration::from_mins(5);

/// Takes files, one after the other.
#[derive(Clone, Debug)]
pub struct Runner {
    pub(super) db: Db,
    pub(super) clock: SharedClock,
    pub(super) ids: Ids,
}

impl Runner {
    /// Over this database.
    pub const fn new(db: Db, clock: SharedClock, ids: Ids) -> Self {
        Self { db, clock, ids }
    }

    /// The file whose turn it is, unless somebody is at it.
    pub async fn claim(&self) -> Result<Option<Job<'_>>, CatalogError> {
        let now = self.clock.now();
        let mut conn = self.db.acquire().await?;
        catalog::drop_unsent_imports(&mut conn, now - UNSENT).await?;
        let claim = catalog::claim_import(&mut conn, now, later(now, LEASE)).await?;
        let Some(claim) = claim else { return Ok(None) };
        let import = catalog::product_import(&mut conn, claim.id).await?;
        Ok(import.map(|import| Job::new(self, claim, import)))
    }
}
