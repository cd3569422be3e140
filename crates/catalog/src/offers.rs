//! What the order engine asks: what is this variant, what does it cost, may it be sold now?

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, civil::Date};
use kernel::{
    LocalizedText, Money,
    id::{CategoryId, ProductId, VariantId},
};
use pg::{Connection, DbResult};

use crate::{bundles::Component, model::ImageRef, sql};

/// A variant as it may be sold at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The variant.
    pub variant_id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// Its product's category, and all that this lies in.
    pub categories: Arc<[CategoryId]>,
    /// Its product's place in addresses.
    pub product_slug: Arc<str>,
    /// Its stock keeping unit.
    pub sku: Arc<str>,
    /// Its product's name.
    pub name: LocalizedText,
    /// What tells it from its siblings.
    pub variant_name: LocalizedText,
    /// What it costs now.
    pub price: Money,
    /// The most units one buyer may have of it in live orders.
    pub purchase_limit: Option<u32>,
    /// For how long orders of it are held at most, where that is less than their payment allows: while
    /// it is in a flash sale.
    pub reservation: Option<SignedDuration>,
    /// Whether it is active and its product is published by now.
    pub sellable: bool,
    /// The picture that shows it.
    pub image: Option<Arc<ImageRef>>,
    /// How many units may be sold beyond stock and wait; 0: none.
    pub backorder_limit: u32,
    /// From when on such units are sent, as buyers are told.
    pub available_from: Option<Date>,
    /// What it is made of, in id order, when it is a bundle: then its stock is theirs.
    pub bundle: Option<Arc<[Component]>>,
}

impl Offer {
    /// What it is made of, in id order; nothing when it has stock of its own.
    pub fn components(&self) -> &[Component] {
        self.bundle.as_deref().unwrap_or_default()
    }
}

/// A variant as the catalogue lists it, whatever the time.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// Not said to be sellable.
    pub offer: Offer,
    /// From when on it may be sold; `None`: not at all.
    pub sellable_from: Option<Timestamp>,
}

impl Listed {
    /// As it may be sold at `now`.
    pub fn at(&self, now: Timestamp) -> Offer {
        let sellable = self.sellable_from.is_some_and(|from| from <= now);
        Offer { sellable, ..self.offer.clone() }
    }
}

/// The offers of these variants at `now`; unknown ones are missing from the answer. One set-based
/// statement, whatever the number of ids.
pub async fn offers(
    conn: &mut Connection,
    variants: &[VariantId],
    now: Timestamp,
) -> DbResult<HashMap<VariantId, Offer>> {
    if variants.is_empty() {
        return Ok(HashMap::new());
    }
    let listed = sql::offers(conn, variants).await?;
    Ok(listed.iter().map(|listed| (listed.offer.variant_id, listed.at(now))).collect())
}
