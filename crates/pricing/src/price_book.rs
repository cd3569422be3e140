//! Prices of price lists kept in memory, for who prices thousands of orders a second.

use std::{collections::HashMap, sync::Arc};

use kernel::{Kept, KeptEach, id::VariantId};
use pg::{Connection, DbResult};

use crate::{
    price_list::{ListPrice, PriceList, Prices},
    price_lists,
};

/// What price lists say, out of memory as long as nothing was changed. While no list is switched on,
/// no variant is looked up at all.
///
/// Every change of a price list counts up the catalogue's revision in its own transaction. Whoever asks
/// the book has read that number in its transaction; so the book never answers with what was true
/// before a change that had been committed by then.
#[derive(Debug, Default)]
pub struct PriceBook {
    lists: Kept<Arc<[PriceList]>>,
    /// Also that nothing is said of a variant.
    of: KeptEach<VariantId, Arc<[ListPrice]>>,
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
        let missing = self.of.look_up(revision, variants, |variant, listed| {
            if !listed.is_empty() {
                of.insert(variant, Arc::clone(listed));
            }
        });
        if !missing.is_empty() {
            let read = price_lists::of_variants(conn, &lists, &missing).await?;
            let said =
                |variant: &VariantId| (*variant, read.get(variant).cloned().unwrap_or_default());
            self.of.keep(revision, missing.iter().map(said).collect());
            of.extend(read);
        }
        Ok(Prices::new(lists, of))
    }

    /// The lists that are switched on.
    async fn lists(&self, conn: &mut Connection, revision: i64) -> DbResult<Arc<[PriceList]>> {
        if let Some(lists) = self.lists.get(revision) {
            return Ok(lists);
        }
        let lists = price_lists::active(conn).await?;
        self.lists.keep(revision, Arc::clone(&lists));
        Ok(lists)
    }
}
