//! Promotions as they are kept: each change counts up their version, and the revision that those who
//! keep them in memory ask for.

use jiff::Timestamp;
use kernel::id::PromotionId;
use pg::{Connection, DbError, DbResult};
use thiserror::Error;

use crate::{
    promotion::{InvalidPromotion, Promotion},
    sql_promotions as sql,
};

/// How many promotions may be switched on: each order looks at all of them.
pub const MOST_ACTIVE: i64 = 100;

/// A promotion, and how often it was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPromotion {
    /// The promotion.
    pub promotion: Promotion,
    /// Counts its changes, from 1.
    pub version: i64,
}

/// Why a promotion was not changed.
#[derive(Debug, Error)]
pub enum PromotionError {
    /// It breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidPromotion),
    /// There are enough.
    #[error("at most {} promotions can be switched on", MOST_ACTIVE)]
    TooMany,
    /// There is none with this id.
    #[error("there is no such promotion")]
    NotFound,
    /// Somebody was quicker.
    #[error("the promotion was changed meanwhile")]
    Changed,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Every promotion, switched on or not: by priority and id.
pub async fn all(conn: &mut Connection) -> DbResult<Vec<StoredPromotion>> {
    sql::all(conn, false).await
}

/// Those that are switched on: by priority and id.
pub async fn active(conn: &mut Connection) -> DbResult<Vec<Promotion>> {
    Ok(sql::all(conn, true).await?.into_iter().map(|it| it.promotion).collect())
}

/// The promotion with this id.
pub async fn find(conn: &mut Connection, id: PromotionId) -> DbResult<Option<StoredPromotion>> {
    sql::find(conn, id).await
}

/// Adds a promotion.
pub async fn add(
    conn: &mut Connection,
    promotion: &Promotion,
    now: Timestamp,
) -> Result<StoredPromotion, PromotionError> {
    promotion.validate()?;
    sql::insert(conn, promotion, now).await?;
    check_number(conn, promotion).await?;
    Ok(StoredPromotion { promotion: promotion.clone(), version: 1 })
}

/// Changes a promotion that is as it was `seen`. Returns what it was and what it is; one that is
/// as it should be stays.
pub async fn change(
    conn: &mut Connection,
    wish: &Promotion,
    seen: i64,
    now: Timestamp,
) -> Result<(StoredPromotion, StoredPromotion), PromotionError> {
    wish.validate()?;
    let before = sql::find(conn, wish.id).await?.ok_or(PromotionError::NotFound)?;
    if before.version != seen {
        return Err(PromotionError::Changed);
    }
    if before.promotion == *wish {
        return Ok((before.clone(), before));
    }
    if !sql::update(conn, wish, seen, now).await? {
        return Err(PromotionError::Changed);
    }
    check_number(conn, wish).await?;
    Ok((before, StoredPromotion { promotion: wish.clone(), version: seen + 1 }))
}

/// Removes a promotion that is as it was `seen`. Orders that got it say so for ever. Returns what it
/// was.
pub async fn remove(
    conn: &mut Connection,
    id: PromotionId,
    seen: i64,
) -> Result<StoredPromotion, PromotionError> {
    let before = sql::find(conn, id).await?.ok_or(PromotionError::NotFound)?;
    if before.version != seen || !sql::delete(conn, id, seen).await? {
        return Err(PromotionError::Changed);
    }
    Ok(before)
}

/// The changes of promotions take turns at the revision, which each of them counts up.
async fn check_number(conn: &mut Connection, changed: &Promotion) -> Result<(), PromotionError> {
    let too_many = changed.active && sql::count_active(conn).await? > MOST_ACTIVE;
    if too_many { Err(PromotionError::TooMany) } else { Ok(()) }
}

#[cfg(test)]
#[path = "promotions_tests.rs"]
mod tests;
