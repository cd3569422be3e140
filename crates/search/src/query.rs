//! What can be asked.

use kernel::PageLimit;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// The order of what is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchSort {
    /// Best match first, then the newest; without words, the newest.
    #[default]
    Relevance,
    /// Last published first.
    Newest,
    /// Cheapest first, by the cheapest variant.
    PriceAsc,
    /// Dearest first, by the cheapest variant.
    PriceDesc,
}

/// One value of an option: `colour:red`, both by their keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionFilter {
    /// The option's key.
    pub option: String,
    /// The value's key.
    pub value: String,
}

/// A filter that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidQuery {
    /// Not a key, a colon and a key.
    #[error("is not an option's key, a colon and a value's key")]
    Option,
}

impl std::str::FromStr for OptionFilter {
    type Err = InvalidQuery;

    fn from_str(text: &str) -> Result<Self, InvalidQuery> {
        const LONGEST: usize = 500;
        let (option, value) = text.split_once(':').ok_or(InvalidQuery::Option)?;
        let is_key = |key: &str| !key.is_empty() && !key.contains(['\0', ':']);
        if text.len() > LONGEST || !is_key(option) || !is_key(value) {
            return Err(InvalidQuery::Option);
        }
        Ok(Self { option: option.to_owned(), value: value.to_owned() })
    }
}

/// What to look for. The default is everything.
#[derive(Clone, Debug)]
pub struct SearchQuery {
    /// Words, each of which must fit.
    pub q: String,
    /// Only on this shelf, by slug.
    pub category: Option<String>,
    /// Only with a variant at this price or more.
    pub min_price: Option<i64>,
    /// Only with a variant at this price or less.
    pub max_price: Option<i64>,
    /// Only with a variant that has one of the values of each option named.
    pub options: Vec<OptionFilter>,
    /// Only with a variant of which something is left.
    pub in_stock: bool,
    /// In which order.
    pub sort: SearchSort,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Rows on a page.
    pub limit: PageLimit,
}

impl SearchQuery {
    /// Values of options that can be asked for at once.
    pub const OPTIONS_MAX: usize = 20;
    /// Characters of `q`.
    pub const CHARS_MAX: usize = 200;
}

impl Default for SearchQuery {
    fn default() -> Self {
        Self {
            q: String::new(),
            category: None,
            min_price: None,
            max_price: None,
            options: Vec::new(),
            in_stock: false,
            sort: SearchSort::default(),
            cursor: None,
            limit: PageLimit::clamped(None),
        }
    }
}
