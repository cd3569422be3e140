//! Price lists as they are kept: each change of one, or of its prices, counts up its version, and the
//! revision that those who keep prices in memory ask for.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use kernel::{
    Money,
    id::{PriceListId, VariantId},
};
use pg::{Connection, DbError, DbResult};
use thiserror::Error;

use crate::{
    price_list::{InvalidPriceList, ListPrice, PriceList, Prices},
    sql_price_lists as sql,
};

/// How many price lists may be switched on.
pub const MOST_ACTIVE: i64 = 50;

/// How many variants a list may have prices for.
pub const MOST_ENTRIES: i64 = 20_000;

/// A price list, and how often it was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPriceList {
    /// The list.
    pub list: PriceList,
    /// Counts its changes and those of its prices, from 1.
    pub version: i64,
}

/// A change of a list's prices: of each variant once, its price, or nothing where it leaves the list.
pub type Entries = Vec<(VariantId, Option<Money>)>;

/// Why a price list was not changed.
#[derive(Debug, Error)]
pub enum PriceListError {
    /// It breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidPriceList),
    /// There are enough.
    #[error("at most {} price lists can be switched on", MOST_ACTIVE)]
    TooMany,
    /// It would have too many prices.
    #[error("a price list has prices for {} variants at most", MOST_ENTRIES)]
    TooLong,
    /// There is none with this id.
    #[error("there is no such price list")]
    NotFound,
    /// Somebody was quicker.
    #[error("the price list was changed meanwhile")]
    Changed,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Every price list, switched on or not: by id, so the oldest first.
pub async fn all(conn: &mut Connection) -> DbResult<Vec<StoredPriceList>> {
    sql::all(conn, false).await
}

/// Those that are switched on: by id.
pub async fn active(conn: &mut Connection) -> DbResult<Arc<[PriceList]>> {
    Ok(sql::all(conn, true).await?.into_iter().map(|stored| stored.list).collect())
}

/// What the lists that are switched on say about these variants.
pub async fn prices(conn: &mut Connection, variants: &[VariantId]) -> DbResult<Prices> {
    if variants.is_empty() {
        return Ok(Prices::default());
    }
    let lists = active(conn).await?;
    // Most shops have none at most hours.
    if lists.is_empty() {
        return Ok(Prices::default());
    }
    let of = of_variants(conn, &lists, variants).await?;
    Ok(Prices::new(lists, of))
}

/// What these lists say about each of these variants; those of which they say nothing are absent.
pub async fn of_variants(
    conn: &mut Connection,
    lists: &[PriceList],
    variants: &[VariantId],
) -> DbResult<HashMap<VariantId, Arc<[ListPrice]>>> {
    let mut found: HashMap<VariantId, Vec<ListPrice>> = HashMap::new();
    for (variant, listed) in sql::of_variants(conn, lists, variants).await? {
        found.entry(variant).or_default().push(listed);
    }
    Ok(found.into_iter().map(|(variant, listed)| (variant, listed.into())).collect())
}

/// The price list with this id.
pub async fn find(conn: &mut Connection, id: PriceListId) -> DbResult<Option<StoredPriceList>> {
    sql::find(conn, id).await
}

/// A list's prices by variant, those after this one; at most so many.
pub async fn entries(
    conn: &mut Connection,
    id: PriceListId,
    after: Option<VariantId>,
    most: i64,
) -> DbResult<Vec<(VariantId, Money)>> {
    sql::entries(conn, id, after, most).await
}

/// Adds a price list, without prices.
pub async fn add(
    conn: &mut Connection,
    list: &PriceList,
    now: Timestamp,
) -> Result<StoredPriceList, PriceListError> {
    list.validate()?;
    sql::insert(conn, list, now).await?;
    check_number(conn, list).await?;
    Ok(StoredPriceList { list: list.clone(), version: 1 })
}

/// Changes a list that is as it was `seen`; its prices stay. Returns what it was and what it is; one
/// that is as it should be stays.
pub async fn change(
    conn: &mut Connection,
    wish: &PriceList,
    seen: i64,
    now: Timestamp,
) -> Result<(StoredPriceList, StoredPriceList), PriceListError> {
    wish.validate()?;
    let before = as_seen(conn, wish.id, seen).await?;
    if before.list == *wish {
        return Ok((before.clone(), before));
    }
    if !sql::update(conn, wish, seen, now).await? {
        return Err(PriceListError::Changed);
    }
    check_number(conn, wish).await?;
    Ok((before, StoredPriceList { list: wish.clone(), version: seen + 1 }))
}

/// Removes a list that is as it was `seen`, with its prices. Returns what it was.
pub async fn remove(
    conn: &mut Connection,
    id: PriceListId,
    seen: i64,
) -> Result<StoredPriceList, PriceListError> {
    let before = as_seen(conn, id, seen).await?;
    if sql::delete(conn, id, seen).await? { Ok(before) } else { Err(PriceListError::Changed) }
}

/// Puts prices into a list that is as it was `seen`, and takes variants off it, each of which is named
/// once; all others stay. Returns the list, and of the variants that change what was said before.
/// Where all is as it should be, nothing happens.
pub async fn put_entries(
    conn: &mut Connection,
    id: PriceListId,
    wish: &[(VariantId, Option<Money>)],
    seen: i64,
    now: Timestamp,
) -> Result<(StoredPriceList, Entries), PriceListError> {
    let before = as_seen(conn, id, seen).await?;
    let named: Vec<VariantId> = wish.iter().map(|(variant, _)| *variant).collect();
    let known = sql::entries_of(conn, id, &named).await?;
    let (mut was, mut priced, mut gone) = (Entries::new(), Vec::new(), Vec::new());
    for (variant, price) in wish {
        let said = known.get(variant).copied();
        if said == *price {
            continue;
        }
        was.push((*variant, said));
        match price {
            Some(price) => priced.push((*variant, *price)),
            None => gone.push(*variant),
        }
    }
    if was.is_empty() {
        return Ok((before, was));
    }
    // Takes the list's row, and the revision's: what was read above still holds, or this fails.
    if !sql::touch(conn, id, seen, now).await? {
        return Err(PriceListError::Changed);
    }
    sql::remove_entries(conn, id, &gone).await?;
    sql::put_entries(conn, id, &priced).await?;
    if sql::count_entries(conn, id).await? > MOST_ENTRIES {
        return Err(PriceListError::TooLong);
    }
    Ok((StoredPriceList { version: seen + 1, ..before }, was))
}

async fn as_seen(
    conn: &mut Connection,
    id: PriceListId,
    seen: i64,
) -> Result<StoredPriceList, PriceListError> {
    let found = sql::find(conn, id).await?.ok_or(PriceListError::NotFound)?;
    if found.version == seen { Ok(found) } else { Err(PriceListError::Changed) }
}

/// The changes of price lists take turns at the revision, which each of them counts up.
async fn check_number(conn: &mut Connection, changed: &PriceList) -> Result<(), PriceListError> {
    let too_many = changed.active && sql::count_active(conn).await? > MOST_ACTIVE;
    if too_many { Err(PriceListError::TooMany) } else { Ok(()) }
}

#[cfg(test)]
#[path = "price_lists_tests.rs"]
mod tests;
