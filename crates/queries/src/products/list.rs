//! The list of products: filters, sorting, pages. Words are looked for elsewhere (`crate::search`).

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::{Cursor, CursorError, Locale, Money, Page, PageLimit};
use pg::{Connection, DbError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    ProductSummary, priced,
    sql::{self, KeyRow, VariantRow},
};
use crate::ListError;

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductSort {
    /// As the shop would show them: the newest first.
    #[default]
    Relevance,
    /// Last published first.
    Newest,
    /// Cheapest first, by the cheapest variant.
    PriceAsc,
    /// Dearest first, by the cheapest variant.
    PriceDesc,
    /// By name, in the language of the request.
    Name,
}

/// What to list. The default is everything.
#[derive(Clone, Debug)]
pub struct ProductQuery {
    /// Only this category and what lies in it, by a slug it has or had.
    pub category: Option<String>,
    /// Only with a variant at this price or more.
    pub min_price: Option<Money>,
    /// Only with a variant at this price or less.
    pub max_price: Option<Money>,
    /// Only with something left to buy.
    pub in_stock: bool,
    /// In which order.
    pub sort: ProductSort,
    /// The language names are sorted in.
    pub locale: Locale,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Rows on a page.
    pub limit: PageLimit,
}

impl Default for ProductQuery {
    fn default() -> Self {
        Self {
            category: None,
            min_price: None,
            max_price: None,
            in_stock: false,
            sort: ProductSort::default(),
            locale: Locale::default(),
            cursor: None,
            limit: PageLimit::clamped(None),
        }
    }
}

impl ProductQuery {
    /// Whether it matters to this list what anything costs.
    const fn goes_by_price(&self) -> bool {
        self.min_price.is_some()
            || self.max_price.is_some()
            || matches!(self.sort, ProductSort::PriceAsc | ProductSort::PriceDesc)
    }
}

/// Where a page ended: the sort key of its last row. Each order has its own, so that a cursor of
/// another order is refused.
///
/// It is a place, whatever lies there: when a price list begins or ends between two pages, a product
/// that it moves over the place is seen twice or not at all. Each page ends after the one before
/// nevertheless, so that pages come to an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Place {
    /// Time of publication in microseconds, id.
    Relevance(i64, Uuid),
    /// Time of publication in microseconds, id.
    Newest(i64, Uuid),
    /// Price, id.
    PriceAsc(i64, Uuid),
    /// Price, id.
    PriceDesc(i64, Uuid),
    /// Language, name, id.
    Name(Locale, String, Uuid),
}

impl Place {
    fn of(row: &KeyRow, sort: ProductSort, locale: Locale) -> Self {
        let micros = row.published_at.to_jiff().as_microsecond();
        match sort {
            ProductSort::Relevance => Self::Relevance(micros, row.id),
            ProductSort::Newest => Self::Newest(micros, row.id),
            ProductSort::PriceAsc => Self::PriceAsc(row.price_from, row.id),
            ProductSort::PriceDesc => Self::PriceDesc(row.price_from, row.id),
            ProductSort::Name => Self::Name(locale, row.name_key.clone(), row.id),
        }
    }

    /// Reads a client's cursor for this order.
    fn read(cursor: &str, sort: ProductSort, locale: Locale) -> Result<Self, CursorError> {
        let place: Self = Cursor::unpack(cursor)?;
        let fits = match &place {
            Self::Relevance(..) => sort == ProductSort::Relevance,
            Self::Newest(..) => sort == ProductSort::Newest,
            Self::PriceAsc(..) => sort == ProductSort::PriceAsc,
            Self::PriceDesc(..) => sort == ProductSort::PriceDesc,
            Self::Name(of, ..) => sort == ProductSort::Name && *of == locale,
        };
        if fits { Ok(place) } else { Err(CursorError) }
    }
}

/// A page of the products that shoppers may see at `now`, by the prices that everyone pays then.
pub async fn list(
    conn: &mut Connection,
    query: &ProductQuery,
    now: Timestamp,
) -> Result<Page<ProductSummary>, ListError> {
    let read = |cursor: &String| Place::read(cursor, query.sort, query.locale);
    let after = query.cursor.as_ref().map(read).transpose()?;
    // What does not go by price need not know of price lists: the tiles are priced by themselves.
    let lists = if query.goes_by_price() { priced::lists(conn, now).await? } else { Vec::new() };
    let keys = sql::keys(conn, query, &lists, after.as_ref(), now).await?;
    let page = Page::from_rows(keys, query.limit, |last| {
        Cursor::pack(&Place::of(last, query.sort, query.locale))
    });
    let ids: Vec<Uuid> = page.items.iter().map(|key| key.id).collect();
    Ok(Page { items: summaries(conn, &ids, now).await?, next_cursor: page.next_cursor })
}

/// The tiles of these products at `now`, in this order. One that changed meanwhile may be missing.
pub(crate) async fn summaries(
    conn: &mut Connection,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<Vec<ProductSummary>, DbError> {
    let heads = sql::heads(conn, ids).await?;
    let mut heads: HashMap<Uuid, _> = heads.into_iter().map(|head| (head.id, head)).collect();
    let mut variants: HashMap<Uuid, Vec<VariantRow>> = HashMap::new();
    for variant in priced::variants(conn, ids, now).await? {
        variants.entry(variant.product_id).or_default().push(variant);
    }
    ids.iter()
        .filter_map(|id| Some((heads.remove(id)?, variants.remove(id)?)))
        .map(|(head, variants)| ProductSummary::from_rows(head, &variants))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let place = Place::PriceAsc(480, Uuid::nil());
        let Page { next_cursor, .. } =
            Page::from_rows(vec![1, 2], PageLimit::clamped(Some(1)), |_| Cursor::pack(&place));
        let cursor = next_cursor.unwrap();
        assert_eq!(Place::read(&cursor, ProductSort::PriceAsc, Locale::En), Ok(place));
        assert_eq!(Place::read(&cursor, ProductSort::PriceDesc, Locale::En), Err(CursorError));
    }
}
