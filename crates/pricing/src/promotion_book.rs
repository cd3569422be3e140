//! Promotions kept in memory, for who prices thousands of orders a second.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pg::{Connection, DbResult};

use crate::{promotion::Promotion, promotions};

/// The promotions that are switched on, out of memory as long as nothing was changed.
///
/// Every change of a promotion counts up the catalogue's revision in its own transaction. Whoever asks
/// the book has read that number in its transaction; so the book never answers with what was true
/// before a change that had been committed by then.
#[derive(Debug, Default)]
pub struct PromotionBook(Mutex<Page>);

#[derive(Debug, Default)]
struct Page {
    revision: i64,
    active: Arc<[Promotion]>,
}

impl PromotionBook {
    /// The promotions that are switched on at this revision, or a later one: by priority and id.
    pub async fn read(&self, conn: &mut Connection, revision: i64) -> DbResult<Arc<[Promotion]>> {
        {
            let page = self.lock();
            if page.revision == revision {
                return Ok(Arc::clone(&page.active));
            }
        }
        let active: Arc<[Promotion]> = promotions::active(conn).await?.into();
        let mut page = self.lock();
        // Another transaction may have turned to a later revision meanwhile: this is too old for it.
        if page.revision < revision {
            *page = Page { revision, active: Arc::clone(&active) };
        }
        Ok(active)
    }

    fn lock(&self) -> MutexGuard<'_, Page> {
        // Nothing that runs under the lock can leave it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
