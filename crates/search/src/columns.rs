//! What filters, facets and orders look at: plain columns, row by row as the documents came.

use std::{collections::HashMap, ops::Range, sync::Arc};

use jiff::Timestamp;
use kernel::{LocalizedText, id::VariantId};
use uuid::Uuid;

use crate::{
    document::{Choice, Document, Shelf},
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
    /// The cheapest variant's.
    pub price_from: i64,
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
    pub price: i64,
    /// Which of the item values are its.
    pub values: Range<usize>,
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
        let first = self.items.len();
        let options: Vec<usize> =
            document.options.iter().map(|name| self.option(name, numbers)).collect();
        for variant in &document.variants {
            let begin = self.item_values.len();
            for (option, value) in options.iter().zip(&variant.options) {
                let number = self.value(*option, value, numbers);
                self.item_values.push(number);
            }
            let values = begin..self.item_values.len();
            self.items.push(Item { id: variant.id, price: variant.price, values });
        }
        let shelves = document.shelves.iter().map(|shelf| self.shelf(shelf, numbers)).collect();
        self.rows.push(Row {
            id: document.id.as_uuid(),
            slug: document.slug.as_str().into(),
            plain: [&document.name.zh_tw, &document.name.en].map(|name| words::plain(name).into()),
            name: document.name.clone(),
            published: document.published_at.as_microsecond(),
            price_from: document.variants.iter().map(|it| it.price).min().unwrap_or_default(),
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

    /// The values of a variant, by number.
    pub fn values_of(&self, item: &Item) -> &[u32] {
        &self.item_values[item.values.clone()]
    }
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
