//! Offers kept in memory, for whoever asks for thousands of them many times a second.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::{KeptEach, id::VariantId};
use pg::{Connection, DbResult};

use crate::{
    offers::{Listed, Offer},
    sql,
};

/// The same answers as [`offers`](crate::offers()), out of memory as long as nothing was changed.
///
/// Every change of the catalogue counts up `catalog.revision` in its own transaction. The book asks
/// for that number in the caller's transaction each time, so it never answers with what was true
/// before a change that has been committed by then.
#[derive(Debug, Default)]
pub struct OfferBook(KeptEach<VariantId, Listed>);

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
        let mut offers = HashMap::with_capacity(variants.len());
        let missing = self.0.look_up(revision, variants, |variant, listed| {
            offers.insert(variant, listed.at(now));
        });
        if !missing.is_empty() {
            let read = sql::offers(conn, &missing).await?;
            offers.extend(read.iter().map(|listed| (listed.offer.variant_id, listed.at(now))));
            let read = read.into_iter().map(|listed| (listed.offer.variant_id, listed));
            self.0.keep(revision, read.collect());
        }
        Ok(Reading { offers, revision })
    }
}
