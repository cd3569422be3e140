//! Where a page ends: the sort key of its last product, bound to what was asked.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use kernel::{Cursor, CursorError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    columns::{Columns, Row},
    query::{SearchQuery, SearchSort},
    words,
};

/// The sort key: smaller comes first, and no two products have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(i64, i64, Uuid);

impl Key {
    /// Of a product of this rank, at this moment in microseconds.
    pub fn of(columns: &Columns, row: &Row, rank: i64, sort: SearchSort, now: i64) -> Self {
        let newest = -row.published;
        match sort {
            SearchSort::Relevance => Self(-rank, newest, row.id),
            SearchSort::Newest => Self(newest, 0, row.id),
            SearchSort::PriceAsc => Self(columns.price_from(row, now), 0, row.id),
            SearchSort::PriceDesc => Self(-columns.price_from(row, now), 0, row.id),
        }
    }
}

/// What a client gives back.
#[derive(Serialize, Deserialize)]
struct Place {
    asked: u64,
    after: Key,
}

/// The cursor after this product. It holds a place and no product: when a price list begins or ends
/// between two pages, what it moves over that place is seen twice or not at all. Each page ends after
/// the one before nevertheless, so that pages come to an end.
pub fn pack(query: &SearchQuery, after: Key) -> Cursor {
    Cursor::pack(&Place { asked: asked(query), after })
}

/// Where the page before ended, if the cursor belongs to this query.
pub fn unpack(query: &SearchQuery) -> Result<Option<Key>, CursorError> {
    let Some(cursor) = &query.cursor else { return Ok(None) };
    let place: Place = Cursor::unpack(cursor)?;
    if place.asked == asked(query) { Ok(Some(place.after)) } else { Err(CursorError) }
}

/// What was asked, but for the page, in short.
fn asked(query: &SearchQuery) -> u64 {
    let SearchQuery { q, category, min_price, max_price, options, in_stock, sort, .. } = query;
    let mut options = options.clone();
    options.sort_unstable();
    options.dedup();
    let mut hasher = DefaultHasher::new();
    (words::plain(q), category, min_price, max_price, options, in_stock, sort).hash(&mut hasher);
    // JSON's readers keep 53 bits.
    hasher.finish() >> 11
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_query() {
        let query = SearchQuery { q: "Mug".into(), ..SearchQuery::default() };
        let key = Key(-7, 3, Uuid::nil());
        let cursor = Some(String::from(pack(&query, key)));
        let with = |query: SearchQuery| unpack(&SearchQuery { cursor: cursor.clone(), ..query });
        assert_eq!(with(query.clone()), Ok(Some(key)));
        assert_eq!(with(SearchQuery { q: " mug ".into(), ..query.clone() }), Ok(Some(key)));
        for other in [
            SearchQuery { q: "tote".into(), ..query.clone() },
            SearchQuery { sort: SearchSort::Newest, ..query.clone() },
            SearchQuery { in_stock: true, ..query.clone() },
            SearchQuery { max_price: Some(7), ..query },
        ] {
            assert_eq!(with(other), Err(CursorError));
        }
    }
}
