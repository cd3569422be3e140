//! What filters, facets and orders look at: plain columns, row by row as the documents came.

use std::{collections::HashMap, ops::Range, sync::Arc};

use jiff::Timestamp;
use kernel::{LocalizedText, id::VariantId};
use uuid::Uuid;

use crate::{
    document::{Choice, Document, ListedPrice, Shelf},
    words,
};

/// A product.
#[derive(Debug)]
pub struct Row {
    pub id: Uuid,
    pub slug: Arc<str>,
    pub name: LocalizedText,
    /// Its names, folded, to be compared with what was typed.
    pub plain: [Box<str>; 2],
    /// Microseconds.
    pub published: i64,
    /// The cheapest variant's own price.
    own_price_from: i64,
    /// Which of the reductions are its variants'.
    reductions: Range<usize>,
    /// By number.
    pub shelves: Box<[u32]>,
    /// Which of the variants are its.
    pub variants: Range<usize>,
}

impl Row {
    /// Whether shoppers see it by now.
    pub fn is_visible(&self, now: Timestamp) -> bool {
        self.published <= now.as_microsecond()
    }
}

/// A variant.
#[derive(Debug)]
pub struct Item {
    pub id: VariantId,
    own_price: i64,
    /// Which of the reductions are its: mostly none.
    reductions: Range<u32>,
    /// Which of the item values are its.
    pub values: Range<usize>,
}

/// A lower price of a variant, for some time.
#[derive(Debug)]
struct Reduction {
    price: i64,
    /// Microseconds; from then on.
    from: i64,
    /// Microseconds; at this one not any more.
    until: i64,
}

impl Reduction {
    /// Of a listed price.
    fn new(listed: &ListedPrice) -> Self {
        Self {
            price: listed.price,
            from: listed.valid_from.map_or(i64::MIN, Timestamp::as_microsecond),
            until: listed.valid_until.map_or(i64::MAX, Timestamp::as_microsecond),
        }
    }
}

/// What is true of a variant at the moment of a question.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// What it costs.
    pub price: i64,
    /// Whether something is left of it.
    pub is_left: bool,
}

/// One of an option's values.
#[derive(Debug)]
pub struct Value {
    /// The option, by number.
    pub option: usize,
    /// Its key and name.
    pub choice: Choice,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Columns {
    pub rows: Vec<Row>,
    pub items: Vec<Item>,
    /// Lower prices, variant after variant.
    reductions: Vec<Reduction>,
    /// Values by number, variant after variant.
    pub item_values: Vec<u32>,
    pub shelves: Vec<Shelf>,
    pub options: Vec<Choice>,
    pub values: Vec<Value>,
}

/// What has been seen so far, by key.
#[derive(Debug, Default)]
struct Numbers {
    shelves: HashMap<String, u32>,
    options: HashMap<String, usize>,
    values: HashMap<(usize, String), u32>,
}

impl Columns {
    /// Of these documents. One without variants cannot be bought, and is on no page: the caller leaves
    /// it out.
    pub fn build(documents: &[Document]) -> Self {
        let (mut columns, mut numbers) = (Self::default(), Numbers::default());
        for document in documents {
            columns.add(document, &mut numbers);
        }
        columns
    }

    fn add(&mut self, document: &Document, numbers: &mut Numbers) {
        let (first, first_reduction) = (self.items.len(), self.reductions.len());
        let options: Vec<usize> =
            document.options.iter().map(|name| self.option(name, numbers)).collect();
        for variant in &document.variants {
            let begin = self.item_values.len();
            for (option, value) in options.iter().zip(&variant.options) {
                let number = self.value(*option, value, numbers);
                self.item_values.push(number);
            }
            let values = begin..self.item_values.len();
            let begin = number(self.reductions.len());
            // What is no lower is never paid.
            let lower = variant.listed.iter().filter(|listed| listed.price < variant.price);
            self.reductions.extend(lower.map(Reduction::new));
            let reductions = begin..number(self.reductions.len());
            let (id, own_price) = (variant.id, variant.price);
            self.items.push(Item { id, own_price, reductions, values });
        }
        let shelves = document.shelves.iter().map(|shelf| self.shelf(shelf, numbers)).collect();
        self.rows.push(Row {
            id: document.id.as_uuid(),
            slug: document.slug.as_str().into(),
            plain: [&document.name.zh_tw, &document.name.en].map(|name| words::plain(name).into()),
            name: document.name.clone(),
            published: document.published_at.as_microsecond(),
            own_price_from: document.variants.iter().map(|it| it.price).min().unwrap_or_default(),
            reductions: first_reduction..self.reductions.len(),
            shelves,
            variants: first..self.items.len(),
        });
    }

    fn shelf(&mut self, named: &Shelf, numbers: &mut Numbers) -> u32 {
        let next = number(self.shelves.len());
        *numbers.shelves.entry(named.slug.clone()).or_insert_with(|| {
            self.shelves.push(named.clone());
            next
        })
    }

    fn option(&mut self, name: &LocalizedText, numbers: &mut Numbers) -> usize {
        let next = self.options.len();
        *numbers.options.entry(key(name)).or_insert_with_key(|key| {
            self.options.push(Choice { key: key.clone(), name: name.clone() });
            next
        })
    }

    fn value(&mut self, option: usize, name: &LocalizedText, numbers: &mut Numbers) -> u32 {
        let next = number(self.values.len());
        *numbers.values.entry((option, key(name))).or_insert_with_key(|(_, key)| {
            let choice = Choice { key: key.clone(), name: name.clone() };
            self.values.push(Value { option, choice });
            next
        })
    }

    /// What a variant costs at this moment, in microseconds.
    pub fn price(&self, item: &Item, now: i64) -> i64 {
        let own = item.reductions.start as usize..item.reductions.end as usize;
        lowest(item.own_price, &self.reductions[own], now)
    }

    /// What the cheapest of a product's variants costs at this moment, in microseconds.
    pub fn price_from(&self, row: &Row, now: i64) -> i64 {
        lowest(row.own_price_from, &self.reductions[row.reductions.clone()], now)
    }

    /// The values of a variant, by number.
    pub fn values_of(&self, item: &Item) -> &[u32] {
        &self.item_values[item.values.clone()]
    }
}

/// The lowest of these prices that count at this moment. As `pricing` says it of price lists.
fn lowest(own: i64, reductions: &[Reduction], now: i64) -> i64 {
    let counting = reductions.iter().filter(|it| it.from <= now && now < it.until);
    counting.fold(own, |lowest, it| lowest.min(it.price))
}

/// There are never more than four thousand million of anything in memory.
fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

/// The key of a name: the English one, in every language, so that an address means the same in both.
fn key(name: &LocalizedText) -> String {
    let key = words::key(&name.en);
    if key.is_empty() { words::key(&name.zh_tw) } else { key }
}
