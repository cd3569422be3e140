//! What is found, counted and turned over, against small shops and plain reckoning.

mod properties;
mod relevance;

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;
use kernel::{
    LocalizedText,
    id::{ProductId, VariantId},
};
use uuid::Uuid;

use crate::{Document, DocumentVariant, Found, Index, SearchQuery, Shelf, Snapshot};

/// A moment after everything was published.
const NOW: i64 = 1_000_000;

fn now() -> Timestamp {
    moment(NOW)
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn text(zh: &str, en: &str) -> LocalizedText {
    LocalizedText::new(zh, en)
}

fn product_id(n: u128) -> ProductId {
    Uuid::from_u128(n).into()
}

fn variant_id(product: u128, n: u128) -> VariantId {
    Uuid::from_u128(product * 1_000 + n).into()
}

/// A product with one variant.
fn product(n: u32, zh: &str, en: &str) -> Document {
    let shelf = Shelf { slug: "all".into(), name: text("", "") };
    Document {
        id: product_id(n.into()),
        slug: format!("p-{n}"),
        name: text(zh, en),
        subtitle: text("", ""),
        description: text("", ""),
        shelves: vec![shelf],
        keywords: Vec::new(),
        options: Vec::new(),
        published_at: Timestamp::from_second(i64::from(n)).unwrap(),
        variants: vec![DocumentVariant {
            id: variant_id(n.into(), 0),
            codes: vec![format!("SKU-{n}")],
            name: text("", ""),
            options: Vec::new(),
            price: 100,
            listed: Vec::new(),
        }],
    }
}

/// Everything is left of everything.
fn snapshot(documents: Vec<Document>) -> Snapshot {
    let all = documents.iter().flat_map(|it| &it.variants).map(|it| it.id).collect();
    snapshot_with(documents, &all)
}

fn snapshot_with(documents: Vec<Document>, in_stock: &HashSet<VariantId>) -> Snapshot {
    Snapshot::new(Arc::new(Index::build(documents).unwrap()), in_stock)
}

fn asking(q: &str) -> SearchQuery {
    SearchQuery { q: q.into(), ..SearchQuery::default() }
}

/// The numbers of the products that are found, in their order.
fn found(snapshot: &Snapshot, query: &SearchQuery) -> Vec<u128> {
    numbers(&snapshot.search(query, now()).unwrap())
}

fn numbers(found: &Found) -> Vec<u128> {
    found.page.items.iter().map(|id| id.as_uuid().as_u128()).collect()
}
