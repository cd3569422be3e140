//! Which variants fit what was asked, and for which reasons the others do not.

use std::collections::HashSet;

use crate::{
    columns::{Columns, Item, Offer, Row},
    query::SearchQuery,
};

/// Reasons, one bit each; 0: it fits.
pub type Reasons = u32;

/// On another shelf.
pub const SHELF: Reasons = 1;
/// Too cheap or too dear.
pub const PRICE: Reasons = 1 << 1;
/// Nothing left.
pub const STOCK: Reasons = 1 << 2;
/// The first of the options asked for; the others follow.
const OPTION: Reasons = 1 << 3;

/// The shelf asked for.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    /// None in particular.
    Any,
    /// This one.
    This(u32),
    /// One that does not exist, and holds nothing.
    Unknown,
}

/// A query's filters, by number.
#[derive(Debug)]
pub struct Filter {
    shelf: Wanted,
    least: i64,
    most: i64,
    in_stock: bool,
    /// Options asked for, and the values that will do.
    options: Vec<(Option<usize>, HashSet<u32>)>,
}

impl Filter {
    /// Of a query.
    pub fn new(columns: &Columns, query: &SearchQuery) -> Self {
        let place = |slug: &String| columns.shelves.iter().position(|it| it.slug == *slug);
        let shelf = query.category.as_ref();
        let mut keys: Vec<&str> = Vec::new();
        for wanted in query.options.iter().take(SearchQuery::OPTIONS_MAX) {
            if !keys.contains(&wanted.option.as_str()) {
                keys.push(&wanted.option);
            }
        }
        let options = keys.into_iter().map(|key| {
            let option = columns.options.iter().position(|it| it.key == key);
            let wanted =
                |value: &str| query.options.iter().any(|it| it.option == key && it.value == value);
            let fits = (0_u32..).zip(&columns.values).filter_map(|(number, value)| {
                let fits = Some(value.option) == option && wanted(&value.choice.key);
                fits.then_some(number)
            });
            (option, fits.collect())
        });
        Self {
            shelf: shelf.map_or(Wanted::Any, |slug| {
                let at = place(slug).and_then(|at| u32::try_from(at).ok());
                at.map_or(Wanted::Unknown, Wanted::This)
            }),
            least: query.min_price.unwrap_or(0),
            most: query.max_price.unwrap_or(i64::MAX),
            in_stock: query.in_stock,
            options: options.collect(),
        }
    }

    /// Why none of the product's variants fits.
    pub fn of_row(&self, row: &Row) -> Reasons {
        let fits = match self.shelf {
            Wanted::Any => true,
            Wanted::This(number) => row.shelves.contains(&number),
            Wanted::Unknown => false,
        };
        if fits { 0 } else { SHELF }
    }

    /// Why the variant does not fit.
    pub fn of_item(&self, columns: &Columns, item: &Item, offer: Offer) -> Reasons {
        let mut reasons = 0;
        if offer.price < self.least || offer.price > self.most {
            reasons |= PRICE;
        }
        if self.in_stock && !offer.is_left {
            reasons |= STOCK;
        }
        let mut reason = OPTION;
        for (_, fits) in &self.options {
            if !columns.values_of(item).iter().any(|value| fits.contains(value)) {
                reasons |= reason;
            }
            reason <<= 1;
        }
        reasons
    }

    /// The reason that is this option's; none when nothing of it was asked for.
    pub fn of_option(&self, option: usize) -> Reasons {
        let at = self.options.iter().position(|(it, _)| *it == Some(option));
        at.map_or(0, |at| OPTION << at)
    }
}
