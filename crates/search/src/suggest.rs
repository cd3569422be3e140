//! What somebody who is typing may mean.

use std::cmp::Reverse;

use jiff::Timestamp;
use kernel::LocalizedText;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    index::{Match, Snapshot},
    service::SearchError,
    words,
};

/// Categories among the suggestions.
const CATEGORIES_MAX: usize = 2;

/// What a suggestion leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionKind {
    /// A category's list.
    Category,
    /// A product's page.
    Product,
}

/// Something that may be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SearchSuggestion)]
pub struct Suggestion {
    /// What it leads to.
    pub kind: SuggestionKind,
    /// Its place in addresses.
    #[schema(example = "enamel-mug")]
    pub slug: String,
    /// To read.
    pub name: LocalizedText,
}

impl Snapshot {
    /// Categories and products that begin to be what is typed, the likeliest first: what fits best,
    /// then what is left, then the newest.
    pub fn suggest(
        &self,
        q: &str,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<Suggestion>, SearchError> {
        let plain = words::plain(q);
        if plain.is_empty() {
            return Ok(Vec::new());
        }
        let columns = &self.index.columns;
        let fits = |name: &str| words::plain(name).contains(&plain);
        let shelves = columns.shelves.iter().filter(|it| fits(&it.name.zh_tw) || fits(&it.name.en));
        let mut all: Vec<Suggestion> = shelves
            .take(CATEGORIES_MAX.min(most))
            .map(|shelf| Suggestion {
                kind: SuggestionKind::Category,
                slug: shelf.slug.clone(),
                name: shelf.name.clone(),
            })
            .collect();
        let mut matches = self.matches(q, now)?;
        let order = |it: &Match| {
            let row = &columns.rows[it.row as usize];
            (Reverse(it.rank), !self.is_left(it.row), Reverse(row.published), row.id)
        };
        let room = most - all.len();
        if matches.len() > room && room > 0 {
            matches.select_nth_unstable_by_key(room - 1, order);
        }
        matches.truncate(room);
        matches.sort_unstable_by_key(order);
        all.extend(matches.into_iter().map(|it| {
            let row = &columns.rows[it.row as usize];
            Suggestion {
                kind: SuggestionKind::Product,
                slug: row.slug.to_string(),
                name: row.name.clone(),
            }
        }));
        Ok(all)
    }
}
