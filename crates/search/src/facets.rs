//! How many products a further choice would leave.
//!
//! A count is of the products that would be found if that choice were made: everything else that is
//! asked stays, and only what was chosen of the same kind is put aside, so that one can see what
//! choosing otherwise would give. One variant has to fit it all.

use kernel::{LocalizedText, Money};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    columns::{Columns, Offer},
    filter::{Filter, PRICE, Reasons, SHELF, STOCK},
};

/// Options that are told; further ones, which fewer products have, are left out.
const OPTIONS_MAX: usize = 10;
/// Values that are told of an option.
const VALUES_MAX: usize = 40;
/// Where ranges of prices begin.
const PRICES: [i64; 12] =
    [0, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000];

/// Choices, and how many products each would leave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SearchFacets)]
pub struct Facets {
    /// Categories, the largest first.
    pub categories: Vec<CategoryCount>,
    /// Ranges of prices, the cheapest first.
    pub prices: Vec<PriceCount>,
    /// Options, the one that most products have first; at most 10.
    pub options: Vec<OptionCounts>,
    /// Products of which something is left.
    pub in_stock: usize,
}

/// A category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryCount {
    /// For the parameter `category`.
    pub slug: String,
    /// To read.
    pub name: LocalizedText,
    /// Products.
    pub count: usize,
}

/// A range of prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceCount {
    /// For the parameter `min_price`.
    pub min: Money,
    /// For the parameter `max_price`; `null`: without end.
    #[schema(required)]
    pub max: Option<Money>,
    /// Products with a variant at such a price.
    pub count: usize,
}

/// An option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OptionCounts {
    /// For the parameter `option`, before the colon.
    #[schema(example = "colour")]
    pub key: String,
    /// To read.
    pub name: LocalizedText,
    /// Its values, the most frequent first; at most 40.
    pub values: Vec<ValueCount>,
}

/// One of an option's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OptionValueCount)]
pub struct ValueCount {
    /// For the parameter `option`, behind the colon.
    #[schema(example = "red")]
    pub key: String,
    /// To read.
    pub name: LocalizedText,
    /// Products with a variant of this value.
    pub count: usize,
}

/// Counts while products go by. Every product counts once for a choice, whichever of its variants fit.
pub struct Counter<'a> {
    columns: &'a Columns,
    /// For each option, the reason that its values do not mind.
    own: Vec<Reasons>,
    shelves: Vec<usize>,
    values: Vec<usize>,
    /// The product that a value was last counted for.
    values_of: Vec<u32>,
    prices: [usize; PRICES.len()],
    in_stock: usize,
}

/// What one product's variants have shown so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    prices: u32,
    is_left: bool,
    on_shelf: bool,
}

impl<'a> Counter<'a> {
    /// Nothing counted yet.
    pub fn new(columns: &'a Columns, filter: &Filter) -> Self {
        Self {
            columns,
            own: (0..columns.options.len()).map(|option| filter.of_option(option)).collect(),
            shelves: vec![0; columns.shelves.len()],
            values: vec![0; columns.values.len()],
            values_of: vec![u32::MAX; columns.values.len()],
            prices: [0; PRICES.len()],
            in_stock: 0,
        }
    }

    /// A variant of the product goes by, with the reasons why it does not fit.
    pub fn item(&mut self, row: u32, item: usize, offer: Offer, reasons: Reasons, seen: &mut Seen) {
        let item = &self.columns.items[item];
        seen.on_shelf |= reasons & !SHELF == 0;
        seen.is_left |= offer.is_left && reasons & !STOCK == 0;
        if reasons & !PRICE == 0 {
            seen.prices |= 1 << range(offer.price);
        }
        for value in self.columns.values_of(item) {
            let at = *value as usize;
            let own = self.own[self.columns.values[at].option];
            if reasons & !own == 0 && self.values_of[at] != row {
                self.values_of[at] = row;
                self.values[at] += 1;
            }
        }
    }

    /// All of the product's variants have gone by.
    pub fn row(&mut self, row: u32, seen: Seen) {
        if seen.on_shelf {
            for shelf in &*self.columns.rows[row as usize].shelves {
                self.shelves[*shelf as usize] += 1;
            }
        }
        for (at, count) in self.prices.iter_mut().enumerate() {
            *count += usize::from((seen.prices >> at) & 1 == 1);
        }
        self.in_stock += usize::from(seen.is_left);
    }

    /// What was counted; choices that would leave nothing are left out.
    pub fn facets(self) -> Facets {
        let columns = self.columns;
        let mut categories: Vec<CategoryCount> = columns
            .shelves
            .iter()
            .zip(&self.shelves)
            .filter(|(_, count)| **count > 0)
            .map(|(shelf, count)| CategoryCount {
                slug: shelf.slug.clone(),
                name: shelf.name.clone(),
                count: *count,
            })
            .collect();
        categories.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.slug.cmp(&b.slug)));
        Facets {
            categories,
            prices: prices(&self.prices),
            options: options(columns, &self.values),
            in_stock: self.in_stock,
        }
    }
}

/// The range that a price lies in.
fn range(price: i64) -> usize {
    PRICES.partition_point(|begin| *begin <= price).saturating_sub(1)
}

fn prices(counts: &[usize]) -> Vec<PriceCount> {
    let ranges = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let told = ranges.filter_map(|(at, count)| {
        let end = PRICES.get(at + 1).map(|next| Money::twd(next - 1)).transpose().ok()?;
        Some(PriceCount { min: Money::twd(PRICES[at]).ok()?, max: end, count: *count })
    });
    told.collect()
}

fn options(columns: &Columns, counts: &[usize]) -> Vec<OptionCounts> {
    let mut options: Vec<(usize, OptionCounts)> = columns
        .options
        .iter()
        .map(|it| {
            (0, OptionCounts { key: it.key.clone(), name: it.name.clone(), values: Vec::new() })
        })
        .collect();
    for (value, count) in columns.values.iter().zip(counts).filter(|(_, count)| **count > 0) {
        let (key, name) = (value.choice.key.clone(), value.choice.name.clone());
        let (all, option) = &mut options[value.option];
        *all += count;
        option.values.push(ValueCount { key, name, count: *count });
    }
    options.retain(|(all, option)| *all > 0 && !option.key.is_empty());
    options.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.key.cmp(&other.key)));
    options.truncate(OPTIONS_MAX);
    let sorted = options.into_iter().map(|(_, mut option)| {
        option.values.retain(|value| !value.key.is_empty());
        option.values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
        option.values.truncate(VALUES_MAX);
        option
    });
    sorted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_lies_in_one_range() {
        for (price, at) in [(0, 0), (99, 0), (100, 1), (499, 2), (500, 3), (i64::MAX, 11)] {
            assert_eq!(range(price), at, "{price}");
        }
        let told = prices(&[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1]);
        let twd = |amount| Money::twd(amount).unwrap();
        assert_eq!(told[0], PriceCount { min: twd(500), max: Some(twd(999)), count: 4 });
        assert_eq!(told[1], PriceCount { min: twd(200_000), max: None, count: 1 });
    }
}
