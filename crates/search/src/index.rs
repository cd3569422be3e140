//! The index of a moment, and looking something up in it.

use std::collections::HashSet;

use jiff::Timestamp;
use kernel::{
    Page,
    id::{ProductId, VariantId},
};

use crate::{
    columns::{Columns, Offer},
    document::Document,
    facets::{Counter, Facets, Seen},
    filter::Filter,
    place::{self, Key},
    query::SearchQuery,
    rank,
    service::SearchError,
    text::TextIndex,
    words,
};

/// Made from all documents at once, and never changed.
#[derive(Debug)]
pub struct Index {
    text: TextIndex,
    pub(crate) columns: Columns,
}

/// An index, and of which variants something is left.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) index: std::sync::Arc<Index>,
    /// For each of the index' variants.
    left: Vec<bool>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Products, in the order asked for.
    pub page: Page<ProductId>,
    /// How many there are on all pages.
    pub total: usize,
    /// What could be chosen further.
    pub facets: Facets,
}

/// A row that fits the words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Match {
    pub row: u32,
    pub rank: i64,
}

impl Index {
    /// Of these documents, those with something to buy. Takes a while: not on a runtime's thread.
    pub fn build(mut documents: Vec<Document>) -> Result<Self, SearchError> {
        documents.retain(|document| !document.variants.is_empty());
        Ok(Self { text: TextIndex::build(&documents)?, columns: Columns::build(&documents) })
    }

    /// Products in it.
    pub fn len(&self) -> usize {
        self.columns.rows.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.columns.rows.is_empty()
    }

    /// Which of its variants are among those of which something is left.
    pub(crate) fn left(&self, in_stock: &HashSet<VariantId>) -> Vec<bool> {
        self.columns.items.iter().map(|item| in_stock.contains(&item.id)).collect()
    }
}

impl Snapshot {
    /// An index with what is left of it.
    pub fn new(index: std::sync::Arc<Index>, in_stock: &HashSet<VariantId>) -> Self {
        let left = index.left(in_stock);
        Self { index, left }
    }

    /// A page of what fits, of what shoppers may see at `now`, by the prices that everyone pays then.
    pub fn search(&self, query: &SearchQuery, now: Timestamp) -> Result<Found, SearchError> {
        let after = place::unpack(query)?;
        let columns = &self.index.columns;
        let filter = Filter::new(columns, query);
        let mut counter = Counter::new(columns, &filter);
        let moment = now.as_microsecond();
        let (mut total, mut keys) = (0, Vec::new());
        for Match { row, rank } in self.matches(&query.q, now)? {
            let fits = self.look(row, &filter, &mut counter, moment);
            if fits {
                total += 1;
                let product = &columns.rows[row as usize];
                let key = Key::of(columns, product, rank, query.sort, moment);
                if after.is_none_or(|after| key > after) {
                    keys.push((key, row));
                }
            }
        }
        let fetch = query.limit.get() + 1;
        if keys.len() > fetch {
            keys.select_nth_unstable(fetch - 1);
            keys.truncate(fetch);
        }
        keys.sort_unstable();
        let page = Page::from_rows(keys, query.limit, |(key, _)| place::pack(query, *key));
        let page = page.map(|(_, row)| columns.rows[row as usize].id.into());
        Ok(Found { page, total, facets: counter.facets() })
    }

    /// Whether a variant of the product fits at this moment, in microseconds; and counts what it would.
    fn look(&self, row: u32, filter: &Filter, counter: &mut Counter<'_>, now: i64) -> bool {
        let columns = &self.index.columns;
        let product = &columns.rows[row as usize];
        let of_row = filter.of_row(product);
        let (mut fits, mut seen) = (false, Seen::default());
        for at in product.variants.clone() {
            let item = &columns.items[at];
            let offer = Offer { price: columns.price(item, now), is_left: self.left[at] };
            let reasons = of_row | filter.of_item(columns, item, offer);
            fits |= reasons == 0;
            counter.item(row, at, offer, reasons, &mut seen);
        }
        counter.row(row, seen);
        fits
    }

    /// What fits the words, by row; everything, when there are none.
    pub(crate) fn matches(&self, q: &str, now: Timestamp) -> Result<Vec<Match>, SearchError> {
        let columns = &self.index.columns;
        let plain = words::plain(q);
        if plain.is_empty() {
            // Signs alone fit nothing; nothing at all fits everything.
            let all = if q.trim().is_empty() { columns.rows.as_slice() } else { &[] };
            let visible = (0_u32..).zip(all).filter(|(_, row)| row.is_visible(now));
            return Ok(visible.map(|(row, _)| Match { row, rank: 0 }).collect());
        }
        if columns.rows.is_empty() {
            return Ok(Vec::new());
        }
        let text = &self.index.text;
        let Some(query) = rank::query(text, q)? else { return Ok(Vec::new()) };
        let found = text.find(&*query)?.into_iter().filter_map(|(row, score)| {
            let product = columns.rows.get(row as usize)?;
            product.is_visible(now).then(|| {
                #[expect(clippy::cast_possible_truncation, reason = "a sum of small whole numbers")]
                let score = score.round() as i64;
                Match { row, rank: score * 4 + likeness(&product.plain, &plain) }
            })
        });
        Ok(found.collect())
    }

    /// Whether something is left of any of the product's variants.
    pub(crate) fn is_left(&self, row: u32) -> bool {
        self.left[self.index.columns.rows[row as usize].variants.clone()].contains(&true)
    }
}

/// 3: the words are a name; 2: a name begins with them; 1: they stand in it side by side.
fn likeness(names: &[Box<str>; 2], words: &str) -> i64 {
    let of = |name: &str| match name.find(words) {
        Some(0) if name.len() == words.len() => 3,
        Some(0) => 2,
        Some(_) => 1,
        None => 0,
    };
    of(&names[0]).max(of(&names[1]))
}
