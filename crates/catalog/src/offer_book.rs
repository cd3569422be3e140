//! Offers kept in memory, for whoever asks for thousands of them many times a second.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use kernel::id::VariantId;
use pg::{Connection, DbResult};

use crate::{
    offers::{Listed, Offer},
    sql,
};

/// Variants that are kept, about half a kilobyte each; with more, all are read anew.
const MOST: usize = 30_000;

/// The same answers as [`offers`](crate::offers()), out of memory as long as nothing was changed.
///
/// Every change of the catalogue counts up `catalog.revision` in its own transaction. The book asks
/// for that number in the caller's transaction each time, so it never answers with what was true
/// before a change that has been committed by then.
#[derive(Debug, Default)]
pub struct OfferBook(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    revision: i64,
    listed: HashMap<VariantId, Listed>,
}

/// What the book said, and when.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The offers; unknown variants are missing.
    pub offers: HashMap<VariantId, Offer>,
    /// The catalogue's revision they are of, or an earlier one.
    pub revision: i64,
}

impl OfferBook {
    /// The offers of these variants at `now`; unknown ones are missing from the answer.
    pub async fn offers(
        &self,
        conn: &mut Connection,
        variants: &[VariantId],
        now: Timestamp,
    ) -> DbResult<HashMap<VariantId, Offer>> {
        Ok(self.read(conn, variants, now).await?.offers)
    }

    /// The same, with the catalogue's revision.
    pub async fn read(
        &self,
        conn: &mut Connection,
        variants: &[VariantId],
        now: Timestamp,
    ) -> DbResult<Reading> {
        // Before the offers: what is read after it is as new, or newer.
        let revision = sql::revision(conn).await?;
        let mut found = HashMap::with_capacity(variants.len());
        let missing = self.look_up(revision, variants, now, &mut found);
        if missing.is_empty() {
            return Ok(Reading { offers: found, revision });
        }
        let read = sql::offers(conn, &missing).await?;
        found.extend(read.iter().map(|listed| (listed.offer.variant_id, listed.at(now))));
        let mut pages = self.lock();
        // Another transaction may have turned to a later revision meanwhile: this is too old for it.
        if pages.revision == revision {
            if pages.listed.len() + read.len() > MOST {
                pages.listed.clear();
            }
            pages.listed.extend(read.into_iter().map(|listed| (listed.offer.variant_id, listed)));
        }
        drop(pages);
        Ok(Reading { offers: found, revision })
    }

    /// Puts what is known into `found`, and returns what is not.
    fn look_up(
        &self,
        revision: i64,
        variants: &[VariantId],
        now: Timestamp,
        found: &mut HashMap<VariantId, Offer>,
    ) -> Vec<VariantId> {
        let mut pages = self.lock();
        if pages.revision < revision {
            *pages = Pages { revision, listed: HashMap::new() };
        }
        // A transaction that looked before the last change gets what it would have read.
        if pages.revision != revision {
            return variants.to_vec();
        }
        let mut missing = Vec::new();
        for variant in variants {
            match pages.listed.get(variant) {
                Some(listed) => {
                    found.insert(*variant, listed.at(now));
                }
                None => missing.push(*variant),
            }
        }
        missing
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        // Nothing that runs under the lock can leave it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
