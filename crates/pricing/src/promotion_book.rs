//! Promotions kept in memory, for who prices thousands of orders a second.

use std::sync::Arc;

use kernel::Kept;
use pg::{Connection, DbResult};

use crate::{promotion::Promotion, promotions};

/// The promotions that are switched on, out of memory as long as nothing was changed.
///
/// Every change of a promotion counts up the catalogue's revision in its own transaction. Whoever asks
/// the book has read that number in its transaction; so the book never answers with what was true
/// before a change that had been committed by then.
#[derive(Debug, Default)]
pub struct PromotionBook(Kept<Arc<[Promotion]>>);

impl PromotionBook {
    /// The promotions that are switched on at this revision, or a later one: by priority and id.
    pub async fn read(&self, conn: &mut Connection, revision: i64) -> DbResult<Arc<[Promotion]>> {
        if let Some(active) = self.0.get(revision) {
            return Ok(active);
        }
        let active: Arc<[Promotion]> = promotions::active(conn).await?.into();
        self.0.keep(revision, Arc::clone(&active));
        Ok(active)
    }
}
