//! Prices of price lists kept in memory, for who prices thousands of orders a second.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kernel::id::VariantId;
use pg::{Connection, DbResult};

use crate::{
    price_list::{ListPrice, PriceList, Prices},
    price_lists,
};

/// Variants that are kept; with more, all are read anew.
const MOST: usize = 30_000;

/// What price lists say, out of memory as long as nothing was changed. While no list is switched on,
/// no variant is looked up at all.
///
/// Every change of a price list counts up the catalogue's revision in its own transaction. Whoever asks
/// the book has read that number in its transaction; so the book never answers with what was true
/// before a change that had been committed by then.
#[derive(Debug, Default)]
pub struct PriceBook(Mutex<Page>);

#[derive(Debug, Default)]
struct Page {
    revision: i64,
    lists: Arc<[PriceList]>,
    /// Also that nothing is said of a variant.
    known: HashMap<VariantId, Arc<[ListPrice]>>,
}

impl PriceBook {
    /// What the lists that are switched on say about these variants, at this revision or a later one.
    pub async fn read(
        &self,
        conn: &mut Connection,
        revision: i64,
        variants: &[VariantId],
    ) -> DbResult<Prices> {
        let lists = self.lists(conn, revision).await?;
        if lists.is_empty() {
            return Ok(Prices::default());
        }
        let mut of = HashMap::new();
        let missing = self.look_up(revision, variants, &mut of);
        if !missing.is_empty() {
            let read = price_lists::of_variants(conn, &lists, &missing).await?;
            self.keep(revision, &missing, &read);
            of.extend(read);
        }
        Ok(Prices::new(lists, of))
    }

    /// The lists that are switched on.
    async fn lists(&self, conn: &mut Connection, revision: i64) -> DbResult<Arc<[PriceList]>> {
        {
            let page = self.lock();
            if page.revision == revision {
                return Ok(Arc::clone(&page.lists));
            }
        }
        let lists = price_lists::active(conn).await?;
        let mut page = self.lock();
        // Another transaction may have turned to a later revision meanwhile: this is too old for it.
        if page.revision < revision {
            *page = Page { revision, lists: Arc::clone(&lists), known: HashMap::new() };
        }
        Ok(lists)
    }

    /// Puts what is known into `found`, and returns what is not.
    fn look_up(
        &self,
        revision: i64,
        variants: &[VariantId],
        found: &mut HashMap<VariantId, Arc<[ListPrice]>>,
    ) -> Vec<VariantId> {
        let page = self.lock();
        if page.revision != revision {
            return variants.to_vec();
        }
        let mut missing = Vec::new();
        for variant in variants {
            match page.known.get(variant) {
                Some(listed) if listed.is_empty() => {}
                Some(listed) => {
                    found.insert(*variant, Arc::clone(listed));
                }
                None => missing.push(*variant),
            }
        }
        missing
    }

    /// Keeps what was read of these variants.
    fn keep(
        &self,
        revision: i64,
        asked: &[VariantId],
        read: &HashMap<VariantId, Arc<[ListPrice]>>,
    ) {
        let mut page = self.lock();
        if page.revision != revision {
            return;
        }
        if page.known.len() + asked.len() > MOST {
            page.known.clear();
        }
        let nothing: Arc<[ListPrice]> = Arc::default();
        for variant in asked {
            let listed = read.get(variant).unwrap_or(&nothing);
            page.known.insert(*variant, Arc::clone(listed));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Page> {
        // Nothing that runs under the lock can leave it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
